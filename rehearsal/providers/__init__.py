"""Provider plugins for the rehearsal: they check what a cloud or cluster would refuse, and keep no secrets."""
