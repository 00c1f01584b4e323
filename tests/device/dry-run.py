"""The device script from packing to summary, on software Vulkan at the smallest size: dry-run.py SCRIPTS BUILD FIXTURES

Also with parts that fail or hang: the rest must be measured all the same. Prints TAP.
"""
import json, os, shutil, subprocess, sys, tempfile, time

SCRIPTS, BUILD, FIXTURES = (os.path.abspath(a) for a in sys.argv[1:4])
scratch = tempfile.mkdtemp(prefix='sfumato-device-')
tests = []


def test(f):
    tests.append(f)
    return f


def run(*args, **kw):
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, timeout=1500, **kw)


def pack(name, baseline):
    open(f'{scratch}/{name}.py', 'w').write(baseline)
    r = run(f'{SCRIPTS}/pack.sh', '--build', BUILD, '--out', f'{scratch}/{name}', '--model', f'{FIXTURES}/model', '--torch', f'{scratch}/{name}.py')
    assert r.returncode == 0, r.stderr
    return f'{scratch}/{name}'


def measure(bundle, *args):
    r = run(f'{bundle}/measure.sh', '--quick', '--model', f'{bundle}/model', '--out', f'{bundle}/out', '--budget', '1200', *args)
    assert r.returncode == 0, r.stdout + r.stderr
    return json.load(open(f'{bundle}/out/results.json')), open(f'{bundle}/out/summary.txt').read()


@test
def everything_is_measured():
    bundle = pack('whole', 'import json, sys\nprint(json.dumps(dict(variant=sys.argv[3], step_ms=1e-3, it_per_s=1e6, tflops=0, torch="none")))')
    results, summary = measure(bundle)
    assert results['machine']['quick'] is True and results['devices'][0]['usable']
    parts = {k: v['status'] for k, v in results['parts'].items()}
    assert all(parts[k] == 'ok' for k in ('machine', 'devices', 'bench', 'ops', 'form-vector', 'form-shared', 'torch-eager')), parts
    assert results['bench']['step_ms']['median'] > 0 and results['bench']['shapes'] and results['forms']['shared']['variant'] == 'shared'
    # wide vectors have no cooperative matrices: said, and no failure of the rest
    assert parts['form-coopmat'] == 'ok' or 'coopmat' in results['parts']['form-coopmat']['error']
    # no software has those of workgroups
    assert 'coopmat2' in results['parts']['form-coopmat2']['error']
    assert all(v.startswith('skipped') for n, v in results['ops'].items() if n.endswith('/coopmat2'))
    assert {n.split('/')[-1] for n in results['ops']} == {'vector', 'shared', 'coopmat', 'coopmat2'}
    assert all(v == 'ok' or v.startswith('skipped') for v in results['ops'].values()) and 'ok' in results['ops'].values(), results['ops']
    assert results['torch'][0]['variant'] == 'eager'
    for word in ('software Vulkan', 'dry run', 'group-norm', 'next limit', 'roofs:', 'eager', 'vector'): assert word in summary, f'“{word}” is not in:\n{summary}'


@test
def what_fails_stops_nothing():
    """Tests that are gone, and a baseline that breaks."""
    bundle = pack('hurt', 'raise SystemExit("no PyTorch here")')
    os.remove(f'{bundle}/programs/test-ops')
    results, summary = measure(bundle)
    assert results['bench']['kernels'] and not results['ops'] and not results['torch']
    assert results['parts']['torch-eager']['status'] == 'failed with status 1' and 'no PyTorch' in results['parts']['torch-eager']['error']
    assert 'not measured' in summary and 'next limit' in summary


@test
def what_hangs_is_cut_off():
    bundle = pack('slow', 'print()')
    os.rename(f'{bundle}/programs/run-sfumato-cli', f'{bundle}/programs/real')
    open(f'{bundle}/programs/run-sfumato-cli', 'w').write('#!/bin/sh\n[ "$1 $2" != "bench --model" ] || exec sleep 1000\nexec "$(dirname "$0")/real" "$@"\n')
    os.chmod(f'{bundle}/programs/run-sfumato-cli', 0o755)
    begun = time.time()
    results, summary = measure(bundle, '--budget', '15')
    assert time.time() - begun < 120 and results['parts']['bench']['status'].startswith('timed out')
    assert results['parts']['form-shared']['status'] == results['parts']['torch-eager']['status'] == 'no time was left'
    assert results['bench'] is None and results['devices'] and 'timed out' in summary


@test
def bad_arguments():
    for args in (['--out'], ['--magic', 'x'], ['--build', f'{scratch}/none'], ['--torch', f'{scratch}/none', '--build', BUILD]):
        r = run(f'{SCRIPTS}/pack.sh', *args, cwd=scratch)
        assert r.returncode == 2 and r.stderr.startswith('pack.sh: ') and r.stderr.count('\n') == 1, (args, r.stderr)
    os.makedirs(f'{scratch}/precious')
    r = run(f'{SCRIPTS}/pack.sh', '--build', BUILD, '--out', f'{scratch}/precious')
    assert r.returncode == 2 and 'no bundle' in r.stderr and os.path.isdir(f'{scratch}/precious'), r.stderr
    for args in (['--size', 'x'], ['--budget'], ['--magic', '1']):
        r = run(f'{scratch}/whole/measure.sh', *args, cwd=scratch)
        assert r.returncode == 2 and r.stderr.startswith('measure.sh: '), (args, r.stderr)
    r = run(f'{SCRIPTS}/measure.sh', cwd=scratch)
    assert r.returncode == 2 and 'pack.sh' in r.stderr


print(f'1..{len(tests)}', flush=True)
failed = 0
for i, f in enumerate(tests, 1):
    try:
        f()
        print(f'ok {i} {f.__name__}', flush=True)
    except Exception as e:
        failed += 1
        print(f'not ok {i} {f.__name__}')
        for line in f'{type(e).__name__}: {e}'.splitlines()[:60]: print('#', line[:400])
        sys.stdout.flush()
shutil.rmtree(scratch, ignore_errors=True)
sys.exit(1 if failed else 0)
