"""The page of a tenant: its rule, its people, and how far they are."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for

from flask_twofactor.core import rules
from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.members import SHOWS, Place, Wanted, count, sort_key
from flask_twofactor.core.policy import is_recent
from flask_twofactor.core.rules import Rule
from flask_twofactor.flows import tenants as flow
from flask_twofactor.flows.acting import Acting
from flask_twofactor.flows.tenants import Admin
from flask_twofactor.web import answers, people, rule_form, tenancy, who
from flask_twofactor.web.forms import json_body
from flask_twofactor.web.i18n import gettext
from flask_twofactor.web.state import app_state

from . import roster
from .admitting import admin_of

PAGE = 100
MOST_BOXES = 30


def tenant(tenant: str, refused: RefusedError | None = None) -> Response:
    """Show a tenant to its admins."""
    admin = admin_of(tenant)
    if isinstance(admin, Response):
        return admin
    return show(admin, tenant, refused=refused)


def adoption_chart(tenant: str, refused: RefusedError | None = None) -> Response:
    """Draw how far a tenant has come."""
    del refused
    # The drawing library is loaded by the first chart.
    from flask_twofactor.web.chart import adoption_svg  # noqa: PLC0415

    admin = admin_of(tenant)
    if isinstance(admin, Response):
        return admin
    days = app_state().ports.store.adoption(tenant, flow.DAYS_SHOWN)
    title = gettext("People who are ready, in percent")
    return Response(adoption_svg(days, title), mimetype="image/svg+xml")


def set_rule(tenant: str, refused: RefusedError | None = None) -> Response:
    """Save a tenant's rule, or show first whom it would ask."""
    admin = admin_of(tenant)
    if isinstance(admin, Response):
        return admin
    fields = rule_form.read_fields()
    try:
        if refused is not None:
            raise refused
        return _save_or_preview(admin, tenant, fields)
    except RefusedError as error:
        if error.code in answers.NEEDS:
            return answers.ask_first(error, url_for("twofactor.tenant", tenant=tenant))
        return show(admin, tenant, refused=error, typed=fields)


def show(
    admin: Admin,
    tenant: str,
    *,
    refused: RefusedError | None = None,
    typed: dict[str, list[str]] | None = None,
    preview: Rule | None = None,
    at_member: str | None = None,
    helped: dict[str, Any] | None = None,
) -> Response:
    """Show the page, with what was typed and what was wrong with it."""
    store = app_state().ports.store
    rule, wanted = store.rule(tenant), _wanted(tenant)
    groups, are_all = flow.tally(app_state().ports, tenant)
    days = flow.note_today(app_state().ports, tenant, groups) if are_all else _days(tenant)
    now = app_state().ports.clock()
    facts: dict[str, Any] = {
        "tenant": tenant,
        "rule": rule_facts(rule),
        "people": _count_facts(count(groups)) | {"exact": are_all},
        **_member_facts(rule, wanted, now),
        "adoption": [{"day": d.day, "people": d.people, "ready": d.ready} for d in days],
    }
    if preview is not None:
        everyone = groups if are_all else store.groups(tenant)
        from_ = rules.acts_from(rules.amend(rule, preview, now))
        facts["preview"] = _count_facts(flow.affected(everyone, preview)) | {"from": from_}
    acting, site = admin.acting, app_state().ports.site_terms
    known = {role for group in groups for role in group.roles} | set(rule.roles)
    return answers.page(
        "tenant",
        facts,
        refused=refused,
        called=tenancy.name(tenant),
        saved=rule,
        saved_from=None if rule.starts_on is None else rules.start_of(rule.starts_on),
        now=now,
        site=site,
        typed=typed or rule_fields(rule),
        methods=[one for one in app_state().ports.methods if not one.fallback_only],
        titles={one.name: one.title for one in app_state().ports.methods},
        roles=sorted(role for role in known if "," not in role)[:MOST_BOXES],
        wanted=wanted,
        shows=SHOWS,
        own_key=admin.user_key,
        is_fresh=acting is not None and _is_fresh(acting),
        protected=acting is not None and who.is_protected(),
        done=request.args.get("done") if request.method == "GET" else None,
        error_field=None if refused is None else refused.evidence.get("field"),
        at_member=at_member,
        helped=helped or {},
    )


def rule_facts(rule: Rule) -> dict[str, Any]:
    """Give a rule as JSON clients read it."""
    return {
        "mode": rule.mode,
        "roles": list(rule.roles),
        "starts_on": None if rule.starts_on is None else rule.starts_on.isoformat(),
        "grace_days": rule.grace_days,
        "methods": None if rule.methods is None else list(rule.methods),
        "trusted_device_days": rule.trusted_device_days,
        "backup_codes": rule.backup_codes,
        "version": rule.version,
    }


def rule_fields(rule: Rule) -> dict[str, list[str]]:
    """Give a rule as the form shows it."""
    found = {}
    for name, value in rule_facts(rule).items():
        several = value if isinstance(value, list) else [value]
        found[name] = [str(one) for one in several if one is not None]
    return found


def _member_facts(rule: Rule, wanted: Wanted, now: float) -> dict[str, Any]:
    store = app_state().ports.store
    rows = store.list_members(store.members(rule.tenant, wanted, now))
    return {
        "members": [roster.row_facts(rule, one, now) for one in rows],
        "next": rows[-1].member.user_key if len(rows) == wanted.limit else None,
    }


def _save_or_preview(admin: Admin, tenant: str, fields: dict[str, list[str]]) -> Response:
    ports, new = app_state().ports, rule_form.read_rule(tenant, fields)
    flow.check(ports, new)
    if new.mode != "optional" and not who.is_protected():
        raise RefusedError("protect_yourself_first")
    if _wants_preview():
        return show(admin, tenant, typed=fields, preview=new)
    flow.ask_for_proof(ports, admin)
    try:
        flow.set_rule(ports, admin, new, expected=rule_form.read_version(fields))
    except RefusedError as error:
        if error.code == "rule_changed":
            fields["version"] = [str(ports.store.rule(tenant).version)]
        raise
    return answers.go(url_for("twofactor.tenant", tenant=tenant, done="rule"))


def _wants_preview() -> bool:
    return json_body().get("preview") is True if request.is_json else "preview" in request.form


def _days(tenant: str) -> tuple[Any, ...]:
    return app_state().ports.store.adoption(tenant, flow.DAYS_SHOWN)


def _is_fresh(acting: Acting) -> bool:
    ports, proof = app_state().ports, acting.proof
    return proof is not None and is_recent(proof.verified_at, ports.limits.step_up, ports.clock())


def _wanted(tenant: str) -> Wanted:
    show = request.args.get("show", "everyone")
    after = request.args.get("after")
    last = app_state().ports.store.member(tenant, after) if after else None
    return Wanted(
        show=next((one for one in SHOWS if one == show), "everyone"),
        search=_one_line(request.args.get("q", ""))[: people.LONGEST_KEY],
        after=None if last is None else Place(sort_key(last.label), last.user_key),
        limit=PAGE,
    )


def _one_line(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _count_facts(counted: Any) -> dict[str, int]:
    return {
        "people": counted.people,
        "ready": counted.ready,
        "not_ready": counted.not_ready,
        "admins_not_ready": counted.admins,
    }
