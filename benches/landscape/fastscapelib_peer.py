"""The fastscapelib side of the landscape bench: does what it is told, line by line, and times itself.

Needs fastscapelib and numpy. `load PATH EDGE SPACING UPLIFT K DT` reads heights as raw float64 and answers `ok`; `step` does a
time step and answers with its seconds; `save PATH` writes the heights and answers `ok`.
"""

import sys
from time import perf_counter

import fastscapelib as fs
import numpy as np


def main():
    heights = step = None
    for line in sys.stdin:
        command, *words = line.split()
        answer = "ok"
        if command == "load":
            path, edge, (spacing, uplift, erodibility, years) = words[0], int(words[1]), map(float, words[2:])
            heights = np.fromfile(path).reshape(edge, edge)
            grid = fs.RasterGrid([edge, edge], [spacing, spacing], fs.NodeStatus.FIXED_VALUE)
            graph = fs.FlowGraph(grid, [fs.SingleFlowRouter(), fs.MSTSinkResolver()])
            eroder = fs.SPLEroder(graph, erodibility, 0.5, 1.0, 1e-6)

            def step():
                heights[1:-1, 1:-1] += uplift * years
                graph.update_routes(heights)
                areas = graph.accumulate(1.0)
                heights[...] -= eroder.erode(heights, areas, years)

        elif command == "step":
            start = perf_counter()
            step()
            answer = perf_counter() - start
        elif command == "save":
            heights.tofile(words[0])
        print(answer, flush=True)


main()
