"""What can be done to a run: plans bound to a state, jobs that outlive the cockpit, archives that can be undone."""
