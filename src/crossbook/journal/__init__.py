"""Record what a batch is about to send and what became of it, so that a killed run resumes."""
