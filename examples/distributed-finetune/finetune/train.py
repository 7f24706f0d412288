"""The training loop. `torchrun` starts it once for each GPU, and again when workers join or leave."""

import argparse
import io
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from peft import LoraConfig, get_peft_model
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_state_dict, set_state_dict
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import clip_grad_norm_
from transformers import AutoModelForCausalLM, AutoTokenizer

from finetune.examples import conversations, labelled, padded
from finetune.plan import Progress, epoch_order, learning_rate, next_batch, share
from finetune.store import Remote, newest, part, save

WHOLE_ON_FIRST = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=True)
FROM_FIRST = StateDictOptions(full_state_dict=True, broadcast_from_rank0=True, ignore_frozen_params=True, strict=False)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default=os.environ.get("CHECKPOINT_URI"), help="folder in the store")
    parser.add_argument("--base", default="/app/base", help="folder of the model that is tuned")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=64, help="examples of a step, over all workers")
    parser.add_argument("--micro", type=int, default=4, help="examples that one GPU holds at once")
    parser.add_argument("--longest", type=int, default=2048, help="tokens of an example")
    parser.add_argument("--rate", type=float, default=2e-4, help="highest learning rate")
    parser.add_argument("--warm-up", type=int, default=20, help="steps")
    parser.add_argument("--rank", type=int, default=16, help="rank of the adapter")
    parser.add_argument("--save-every", type=int, default=50, help="steps")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shard", action="store_true", help="share the model out over the GPUs (FSDP)")
    chosen = parser.parse_args()
    if not chosen.folder:
        parser.error("no folder: set checkpoints in the stack file, or pass --folder")
    return chosen


class Stopping:
    """Whether some worker was told to stop. All ask together, so that all save the same step."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.here = False
        signal.signal(signal.SIGTERM, self._hear)

    def _hear(self, *_: Any) -> None:
        self.here = True

    def anywhere(self) -> bool:
        asked = torch.tensor([int(self.here)], device=self._device)
        dist.all_reduce(asked, op=dist.ReduceOp.MAX)
        return bool(asked.item())


def build(chosen: argparse.Namespace, device: torch.device) -> tuple[Any, Any]:
    """The model with its adapter, shared out or copied to every GPU."""
    base = AutoModelForCausalLM.from_pretrained(chosen.base, dtype=torch.bfloat16)
    base.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    base.enable_input_require_grads()
    torch.manual_seed(chosen.seed)
    adapter = LoraConfig(
        task_type="CAUSAL_LM", r=chosen.rank, lora_alpha=2 * chosen.rank, lora_dropout=0.05, target_modules="all-linear"
    )
    model = get_peft_model(base, adapter)
    if not chosen.shard:
        return model, DistributedDataParallel(model.to(device), device_ids=[device.index])
    # One type for all that is shared out together.
    model.to(torch.bfloat16)
    policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
    for layer in model.get_base_model().model.layers:
        fully_shard(layer, mp_policy=policy)
    fully_shard(model, mp_policy=policy)
    return model.to(device), model


def packed(states: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(states, buffer)
    return buffer.getvalue()


def unpacked(data: bytes) -> Any:
    return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)


def resume(files: Remote, runner: Any, optimizer: Any) -> Progress:
    """Loads the newest checkpoint on the first worker, which hands it to the others."""
    found: list[Any] = [None]
    if dist.get_rank() == 0:
        found[0] = newest(files)
    dist.broadcast_object_list(found)
    if found[0] is None:
        return Progress()
    step, progress = found[0]
    states = unpacked(part(files, step, "states.pt")) if dist.get_rank() == 0 else {"model": {}, "optimizer": {}}
    set_state_dict(
        runner,
        optimizer,
        model_state_dict=states["model"],
        optim_state_dict=states["optimizer"],
        options=FROM_FIRST,
    )
    print(f"goes on after step {step} with {dist.get_world_size()} GPUs", flush=True)
    return progress


def keep(files: Remote, step: int, progress: Progress, runner: Any, optimizer: Any) -> None:
    """All workers gather the states, the first writes them."""
    weights, moments = get_state_dict(runner, optimizer, options=WHOLE_ON_FIRST)
    if dist.get_rank() == 0:
        save(files, step, progress, {"states.pt": packed({"model": weights, "optimizer": moments})})
    dist.barrier()


def export(files: Remote, model: Any, runner: Any, optimizer: Any) -> None:
    """Writes the adapter as PEFT and vLLM read it."""
    weights, _ = get_state_dict(runner, optimizer, options=WHOLE_ON_FIRST)
    if dist.get_rank() != 0:
        return
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder, state_dict=weights)
        for path in sorted(Path(folder).iterdir()):
            if path.is_file():
                files.write(f"adapter/{path.name}", path.read_bytes())


def learn(runner: Any, batch: list[list[tuple[int, float]]], rows: Any, pad: int, device: torch.device) -> float:
    """Adds up the gradients of one step; gives this worker's part of the loss."""
    total = 0.0
    for number, micro in enumerate(batch):
        last = number == len(batch) - 1
        if isinstance(runner, DistributedDataParallel):
            runner.require_backward_grad_sync = last
        else:
            runner.set_requires_gradient_sync(last)
        made = padded([rows[example] for example, _ in micro], pad)
        tokens, labels, seen = (torch.tensor(part, device=device) for part in made)
        logits = runner(input_ids=tokens, attention_mask=seen).logits[:, :-1].float()
        wanted = labels[:, 1:]
        losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), wanted, reduction="none")
        each = losses.sum(1) / (wanted != -100).sum(1).clamp(min=1)
        loss = (each * torch.tensor([weight for _, weight in micro], device=device)).sum()
        loss.backward()
        total += loss.item()
    return total


def main() -> None:
    chosen = arguments()
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    torch.cuda.set_device(device)
    dist.init_process_group("nccl", device_id=device)
    rank, world = dist.get_rank(), dist.get_world_size()
    stopping = Stopping(device)
    files = Remote(chosen.folder)
    tokenizer = AutoTokenizer.from_pretrained(chosen.base)
    rows = []
    for turns in conversations(files.read("data/train.jsonl").decode()):
        prompt = tokenizer.apply_chat_template(turns[:-1], add_generation_prompt=True)
        rows.append(labelled(prompt, tokenizer.apply_chat_template(turns), chosen.longest))
    model, runner = build(chosen, device)
    learnt = [weight for weight in runner.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learnt, lr=chosen.rate, weight_decay=0.0)
    progress = resume(files, runner, optimizer)
    runner.train()
    steps = Progress(chosen.epochs).steps(len(rows), chosen.batch)
    while progress.epoch < chosen.epochs:
        step = progress.steps(len(rows), chosen.batch)
        batch = next_batch(epoch_order(len(rows), progress.epoch, chosen.seed), progress, chosen.batch)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, chosen.rate, chosen.warm_up)
        loss = learn(runner, share(batch, rank, world, chosen.micro), rows, tokenizer.pad_token_id, device)
        clip_grad_norm_(learnt, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        progress = progress.after(len(batch), len(rows))
        if rank == 0:
            print(f"step {step + 1} of {steps}: loss {loss:.4f} on {world} GPUs", flush=True)
        stop = stopping.anywhere()
        if stop or (step + 1) % chosen.save_every == 0:
            keep(files, step + 1, progress, runner, optimizer)
        if stop and stopping.here:
            # The others go on: torchrun starts them anew without this worker, from what was just saved.
            sys.exit(128 + signal.SIGTERM)
    keep(files, steps, progress, runner, optimizer)
    export(files, model, runner, optimizer)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
