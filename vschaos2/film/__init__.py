"""Films: grey pictures by their time stamps, their sound, how things move; a film with new sound."""
