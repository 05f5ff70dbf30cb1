"""The commands of `riviere bench`. Apart from the package, so that the load generator starts without them."""

from cyclopts import App

from riviere.cli.bench.feed import feed
from riviere.cli.bench.over_http import http
from riviere.cli.bench.read import read
from riviere.cli.bench.start import start
from riviere.cli.bench.writer import writer

bench = App(name="bench", help="Measure Riviere here, on a throw-away database with every check and durability on.")
for command in (writer, http, read, feed, start):
    bench.command(command)
