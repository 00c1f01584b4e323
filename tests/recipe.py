"""The bundled model's recipe, ten steps of each stage: recipe.py RECIPE_FOLDER

Needs PyTorch, diffusers and skia-python, in python3 or in the interpreter that SFU_RECIPE_PYTHON names. Prints TAP.
"""
import contextlib, io, os, pathlib, subprocess, sys, tempfile, traceback

RECIPE = os.path.abspath(sys.argv[1])
STEPS, COUNT = 10, 16
sys.dont_write_bytecode = True
sys.path.insert(0, RECIPE)


def command(script, *words):
    """A command of the recipe in a process of its own."""
    result = subprocess.run([sys.executable, '-B', f'{RECIPE}/{script}.py', *map(str, words)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-1500:]


def here(script, *words):
    """The same in this process, which has PyTorch already."""
    sys.argv = [script, *map(str, words)]
    __import__(script).main()


def train(stage, work, *words, run=here):
    run('train', stage, '--work', work, '--shards', 1, '--shard-size', COUNT, '--processes', 1, *words)


def checkpoint(work, stage):
    import torch
    return torch.load(work / f'{stage}.pt', weights_only=True)


def stage(name, *words):
    def run(work):
        train(name, work, '--steps', STEPS, *words)
        saved = checkpoint(work, name)
        assert saved['step'] == STEPS, saved['step']
        assert all(v.isfinite().all() for net in saved['nets'] for v in net.values())
    return run


def pictures(work):
    train('pictures', work, run=command)


def latents(work):
    train('latents', work, run=command)


def goes_on(work):
    train('unet', work, '--steps', STEPS + 2, '--batch', 4, '--size', 128)
    saved = checkpoint(work, 'unet')
    assert saved['step'] == STEPS + 2 and saved['seen'] == 4 * (STEPS + 2), saved['seen']


def export(work):
    here('export', '--work', work, '--out', work / 'model')


def loads(work):
    import torch
    from diffusers import StableDiffusionPipeline
    pipe = StableDiffusionPipeline.from_pretrained(work / 'model', torch_dtype=torch.float32, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    image = pipe('a red boat on the sea', num_inference_steps=2, height=64, width=64, output_type='np').images[0]
    assert image.shape == (64, 64, 3) and image.std() > 0
    saved, key = checkpoint(work, 'unet')['average'], 'embeddings.position_embedding.weight'
    for net, want in ((pipe.unet, saved[0]), (pipe.text_encoder, saved[1])):
        got = {k.removeprefix('text_model.'): v for k, v in net.state_dict().items()}
        assert all((got[k].float() - v).abs().max() < 1e-2 for k, v in want.items() if k in got and 'token_embedding' not in k)
        assert net is pipe.unet or key in got


def starts_from_export(work):
    """Another work folder begins with the exported weights, each word with its own row."""
    other = work / 'other'
    other.mkdir()
    for name in ('pictures', 'latents'): (other / name).symlink_to(work / name)
    nothing = ('--from', work / 'model', '--minutes', 0)
    for name, part in (('unet', 0), ('unet', 1), ('autoencoder', 0), ('decoder', 0), ('preview', 0)):
        train(name, other, *nothing)
        # what is exported of the autoencoder has the decoder that was trained last
        trained = 'decoder' if name == 'autoencoder' else name
        want, got = checkpoint(work, trained)['average'][part], checkpoint(other, name)['nets'][part]
        for key, value in want.items():
            near = (got[key] - value).abs().reshape(len(value), -1).amax(1) < 1e-2 if value.dim() else None
            if 'token_embedding' in key: assert near[:512].all() and near[-2:].all() and near.sum() > 1500, 'the words are wrong'
            elif near is not None: assert near.all(), key


def rescales(work):
    """Guidance counts so many times: with words so much of the way to what the pictures say, without words what the copy says."""
    import torch, words
    from rescaling import Rescaling
    rescaling = Rescaling(work / 'model', 0.25, words.tokenizer(work / 'tokenizer'))
    noised, v, t = torch.randn(2, 4, 16, 16).bfloat16(), torch.randn(2, 4, 16, 16), torch.tensor([10, 900])
    got = rescaling.wanted(v, noised, t, torch.tensor([False, True]))
    silent = rescaling.wanted(torch.zeros_like(v), noised, t, torch.tensor([False, False]))
    assert torch.allclose(got[0], silent[0], atol=1e-5) and torch.allclose(got[1], 0.75 * silent[1] + 0.25 * v[1], atol=1e-5)
    other = work / 'rescaled'
    other.mkdir()
    for name in ('pictures', 'latents'): (other / name).symlink_to(work / name)
    stage('unet', '--from', work / 'model', '--rescale', 0.5, '--batch', 4, '--size', 128)(other)


def evaluates(work):
    here('evaluate', '--model', work / 'model', '--work', work, '--prompts', 2, '--subset', 1, '--negatives', 1, '--threads', 1, '--sheet', work / 'sheet.png',
         '--json', work / 'result.json')
    assert (work / 'sheet.png').stat().st_size > 10000 and (work / 'result.json').stat().st_size > 1000


def words_are_known(work):
    import pictures, scene, templates
    scenes = [scene.make(pictures.CHECK_SEEDS + i) for i in range(300)]
    unknown = templates.unknown_words([templates.prompt(s)[0] for s in scenes])
    assert not unknown, unknown


TESTS = {
    'pictures': pictures, 'autoencoder': stage('autoencoder', '--batch', 2), 'latents': latents,
    'decoder': stage('decoder', '--batch', 2), 'unet': stage('unet', '--batch', 4, '--size', 128), 'unet goes on from its file': goes_on, 'preview': stage('preview', '--batch', 2),
    'judge': stage('judge', '--batch', 4), 'export': export, 'diffusers loads the export': loads,
    'training starts from an export': starts_from_export, 'guidance is rescaled': rescales, 'evaluation': evaluates, 'prompts of the checks have known words': words_are_known,
}


def main():
    other = os.environ.pop('SFU_RECIPE_PYTHON', None)
    if other: os.execv(other, [other, *sys.argv])
    os.environ['OMP_NUM_THREADS'] = '1'
    try: import torch, diffusers, skia, scipy, PIL
    except ImportError:
        print('1..0 # SKIP needs PyTorch, diffusers and skia-python')
        return
    print(f'1..{len(TESTS)}', flush=True)
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        for i, (name, test) in enumerate(TESTS.items(), 1):
            said, wrong = io.StringIO(), ''
            try:
                with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said): test(pathlib.Path(scratch))
            except (Exception, SystemExit): wrong = said.getvalue()[-1500:] + traceback.format_exc()
            failed += bool(wrong)
            print(('not ok' if wrong else 'ok'), i, name, flush=True)
            for line in wrong.splitlines(): print('#', line)
    sys.exit(1 if failed else 0)


main()
