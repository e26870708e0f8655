from evgraph.cli import main

main()
