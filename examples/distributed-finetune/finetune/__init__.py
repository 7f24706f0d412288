"""LoRA fine-tuning of a small language model on several GPUs, which may come and go."""
