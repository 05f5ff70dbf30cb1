"""The scenarios here are played in browsers: most of them in one without scripts, over a real socket."""

from visitors import site

__all__ = ["site"]
