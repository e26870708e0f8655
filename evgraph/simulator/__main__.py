from evgraph.simulator.command_line import app

app(prog_name="python -m evgraph.simulator")
