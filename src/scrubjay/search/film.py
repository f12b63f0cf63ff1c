"""What can be found out about a video: its moments, what is said in them, what is written there.

Each pass streams: a video is never held. What costs much is written down as it is made (shots when
all are found, every stretch that was heard, every picture that was read), so that whoever is killed
goes on, and neither another encoder nor a question hears or reads anything twice.

A video that is damaged in the middle, or ends before its header says, is used up to there, and
`GleanedFilm.broken` says so: whoever adds it is told by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scrubjay.core.config import VideoLimits
from scrubjay.core.hearing import Transcript
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.reading import Reading
from scrubjay.media.moments import Moment, moments_of
from scrubjay.media.video import DEFAULT_LIMITS, Video, VideoInfo
from scrubjay.models.voice_activity import Span
from scrubjay.search.film_kept import Kept, Notes
from scrubjay.search.film_models import FilmModels
from scrubjay.search.film_passes import FilmShot, Onlooker, Passes

__all__ = ["FilmModels", "FilmShot", "GleanedFilm", "Onlooker", "glean"]


@dataclass(frozen=True, slots=True)
class GleanedFilm:
    """What is known of a video.

    Attributes:
        moments: in order of time; black has none, unless somebody speaks over it.
        shots: in order of time; one without keys repeats what is shown before it.
        speech: where somebody speaks.
        transcript: what is said; None: nothing is installed that hears it.
        readings: when a frame is shown, and what is written in it, in order of time; empty, too,
            where nothing is installed that reads.
        broken: why a part of the video could not be used, and which; None: all of it could.
        lacking: what is not installed and was needed, a sentence each.
    """

    info: VideoInfo
    moments: tuple[Moment, ...]
    shots: tuple[FilmShot, ...]
    speech: tuple[Span, ...]
    transcript: Transcript | None
    readings: tuple[tuple[float, Reading], ...]
    broken: str | None = None
    lacking: tuple[str, ...] = ()


def glean(
    path: Path,
    sha256: str,
    *,
    models: FilmModels,
    kept: Kept | None = None,
    limits: VideoLimits = DEFAULT_LIMITS,
    onlooker: Onlooker | None = None,
    name: str | None = None,
    progress: Progress = silent,
) -> GleanedFilm:
    """Find out about a video all that is not known of it yet.

    Args:
        path: of the file.
        sha256: of its content; what is kept goes by it.
        models: what listens and reads.
        kept: what was found out before, and where it is written down.
        limits: what it may cost.
        onlooker: is shown key frames and speech on the way.
        name: for people; None: the file's.
        progress: told in seconds of the video.

    Raises:
        BadMedia: no part of it can be used.
        ScrubjayError: a model failed; what was made until then is kept.
    """
    video = Video(path, limits=limits)
    info = video.info()
    passes = Passes(video, info, Notes(kept, sha256), name or path.name, progress)
    shots = passes.shots(onlooker)
    speech, transcript = passes.sound(models.listener() if info.has_sound else None, onlooker)
    readings = passes.readings(shots, models.reader() if shots else None)
    return GleanedFilm(
        info=info,
        moments=moments_of(shots, speech),
        shots=shots,
        speech=speech,
        transcript=transcript,
        readings=readings,
        broken=passes.broken,
        lacking=(*passes.lacking, *models.lacking()),
    )
