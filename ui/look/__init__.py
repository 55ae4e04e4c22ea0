"""How the program looks: colours, fonts, marks of state, cards. Nothing here knows a project."""
