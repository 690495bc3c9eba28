"""The security question that some companies ask for, before security settings are touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, request, url_for
from flask_login import current_user, login_required

from example_app import accounts
from example_app.database import session
from example_app.forms import QUESTIONS, QuestionForm

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue

bp = Blueprint("questions", __name__)


def init_app(app: Flask) -> None:
    """Give *app* its page."""
    app.register_blueprint(bp)


@bp.route("/security-question", methods=["GET", "POST"])
@login_required
def security_question() -> ResponseReturnValue:
    """Choose a question and answer it; then the security settings go on."""
    form = QuestionForm()
    if form.validate_on_submit():
        current_user.security_question = form.question.data
        answer = (form.answer.data or "").strip().casefold()
        current_user.security_answer = accounts.hash_password(answer)
        session().commit()
        return redirect(url_for("twofactor.setup_index"))
    status = 400 if request.method == "POST" else 200
    return render_template("security_question.html", form=form, questions=QUESTIONS), status
