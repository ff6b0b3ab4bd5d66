"""Films: grey pictures by their time stamps, sound, motion; new sound beside old pictures."""
