"""The moving tour: setting up and signing in, photographed step by step from the running app."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from example_app.seed import DEMO_PASSWORD
from tests.support.tour import OMAR, Visitor

COLOURS = 64
SHORT, LOOK, READ = 500, 1400, 2600
"""How long a frame stands, in milliseconds."""


class Camera:
    """Takes frames of what Omar sees."""

    def __init__(self, omar: Visitor) -> None:
        self.omar = omar
        self.frames: list[Image.Image] = []
        self.times: list[int] = []

    def take(self, milliseconds: int) -> None:
        """Photograph the window as it is."""
        photo = Image.open(io.BytesIO(self.omar.page.screenshot())).convert("RGB")
        self.frames.append(photo.quantize(COLOURS, kmeans=1, dither=Image.Dither.NONE))
        self.times.append(milliseconds)

    def type(self, field: str, text: str) -> None:
        """Type into a field, three letters a frame."""
        box = self.omar.page.locator(field)
        box.scroll_into_view_if_needed()
        for end in range(3, len(text) + 3, 3):
            box.fill(text[:end])
            self.take(SHORT)

    def enter(self, field: str) -> None:
        """Send the form of a field."""
        with self.omar.page.expect_navigation():
            self.omar.page.locator(field).press("Enter")

    def save(self, file: Path) -> None:
        """Write the film; it stops after its third showing."""
        first, *rest = self.frames
        first.save(
            file,
            save_all=True,
            append_images=rest,
            duration=self.times,
            loop=2,
            optimize=True,
            disposal=1,
        )


def film(omar: Visitor, file: Path) -> None:
    """Set up, sign out, sign in."""
    camera = Camera(omar)
    _sign_in(omar, camera)
    omar.go("/two-factor/")
    camera.take(LOOK)
    with omar.page.expect_navigation():
        omar.page.get_by_role("switch").click()
    camera.take(READ)
    omar.secret = omar.page.locator("#tf-key").inner_text().replace(" ", "")
    camera.type("#tf-code", omar.code())
    camera.enter("#tf-code")
    camera.take(READ)
    omar.log_out()
    _sign_in(omar, camera)
    camera.take(LOOK)
    camera.type("#tf-code", omar.code())
    camera.enter("#tf-code")
    camera.take(READ)
    camera.save(file)
    print(f"tour, {len(camera.frames)} frames, {file.stat().st_size // 1024} kB")


def _sign_in(omar: Visitor, camera: Camera) -> None:
    omar.go("/login")
    omar.page.locator("#email").fill(OMAR)
    omar.page.locator("#password").fill(DEMO_PASSWORD)
    camera.take(LOOK)
    camera.enter("#password")
