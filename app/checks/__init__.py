"""The checks: gather facts (the only part that touches the network), compare (pure), and the runner over them."""
