"""What learns from feedback: examples, training, adapters, the gate and the job that runs them."""
