"""What measure.sh has measured so far, as results.json and summary.txt: report.py PARTS OUT

PARTS holds NAME.status and NAME.out of every part; one that is missing or broken is left out.
"""
import json, os, re, sys

PARTS, OUT = sys.argv[1:3]


def read(name):
    try: return open(f'{PARTS}/{name}', errors='replace').read()
    except OSError: return ''


def parsed(text):
    try: return json.loads(text)
    except ValueError: return None


def ops():
    """Test -> ok, skipped (with the reason) or what went wrong."""
    results = {}
    for block in re.split(r'(?<=\n)(?=TAP version)', read('ops.out')):
        end = re.search(r'^# status (\d+) of (\S+)', block, re.M)
        if not end: continue
        code, name = int(end[1]), end[2]
        skip = re.search(r'^ok .*# SKIP ?(.*)', block, re.M)
        wrong = [line.lstrip('# ') for line in block.splitlines() if re.search(r'error|not ok|Bail', line) and not line.startswith('# status')]
        results[name] = 'timed out' if code in (124, 137) else (wrong[-1] if wrong else f'status {code}') if code else f'skipped: {skip[1]}' if skip else 'ok'
    for name in read('ops.tests').split(): results.setdefault(name, 'not run')
    return results


def gather():
    files = sorted((f for f in os.listdir(PARTS) if f.endswith('.status')), key=lambda f: os.stat(f'{PARTS}/{f}').st_mtime_ns)
    status = {f[:-7]: parsed(read(f)) for f in files}
    result = {'machine': parsed(read('machine.out')), 'parts': status, 'devices': parsed(read('devices.out')), 'ops': ops(),
              'bench': parsed(read('bench.out')), 'forms': {}, 'torch': []}
    for name in status:
        if name.startswith('form-'): result['forms'][name[5:]] = parsed(read(f'{name}.out'))
        if name.startswith('torch-'): result['torch'] += [v for v in map(parsed, read(f'{name}.out').splitlines()) if isinstance(v, dict)]
        if status[name] and status[name]['status'] != 'ok': status[name]['error'] = read(f'{name}.err')[-2000:]
    return result


def times(bench, key):
    t = bench.get(key)
    return f"{t['median']:.3f} ms ({t['min']:.3f} to {t['max']:.3f})" if t else '-'


def bench_lines(b):
    yield f"{b['model']} {b['width']}x{b['height']} {b['precision']}, {b['variant']} kernels, {b['device']}, {b['driver']}"
    for key, title in (('step_ms', 'guided step'), ('encode_ms', 'text encoder'), ('preview_ms', 'preview'), ('decode_ms', 'decoder'), ('load_ms', 'loading')):
        yield f'  {title:14} {times(b, key)}'
    yield f"  {b['it_per_s']:.2f} it/s, {b['gflops'] / 1000:.1f} Tflop/s, {b['dispatches']} dispatches, {b['barriers']} barriers, {b['submissions']} submissions"
    yield f"  {b['peak_device_bytes'] / 2 ** 20:.0f} MiB on the device at most, {b['arena_bytes'] / 2 ** 20:.0f} of it for a step's activations"
    r = b['roofs']
    coopmat = f", {r['coopmat_gflops'] / 1000:.2f} with cooperative matrices" if 'coopmat_gflops' in r else ''
    memory = ', '.join(f"{m['gbytes_per_s']:.0f} GB/s over {m['bytes'] >> 20} MiB" for m in r['memory'])
    yield f"  roofs: {r['multiply_gflops'] / 1000:.2f} Tflop/s in fp32{coopmat}; {memory}; a dispatch {r['dispatch_us']:.2f} us, a submission {r['submission_us']:.1f} us"
    yield f"  {b['conclusion']}"


def kernel_lines(kernels, names):
    yield f"  {'':44}{'calls':>6}{'ms':>10}{'%':>7}{'Gflop/s':>11}{'GB/s':>9}{'% of roof':>11}  limit"
    for k in kernels:
        title = ' '.join(str(k[n]) for n in names if n in k)
        known = k['ms'] is not None
        figures = f"{k['ms']:10.3f}{100 * k['share']:7.1f}{k['gflops']:11.1f}{k['gbytes_per_s']:9.1f}{100 * k['roof_share']:11.1f}" if known else f"{'-':>10}{'-':>7}{'-':>11}{'-':>9}{'-':>11}"
        yield f"  {title:44}{k['calls']:6}{figures}  {k['bound']}"


def goal(what, value, good, text):
    yield f"  {'reached' if good else 'MISSED '}  {what}: {value}, {text}"


def goal_lines(r):
    b, quick = r['bench'], (r['machine'] or {}).get('quick')
    if quick: yield '  a dry run: sizes are too small for these to mean anything'
    compiled = next((t for t in r['torch'] if t.get('variant') == 'compile'), None)
    if b and compiled:
        ratio = compiled['step_ms'] / b['step_ms']['median']
        yield from goal("a step beside torch.compile's", f'{ratio:.2f} times its speed', ratio >= 1.3, 'should be 1.3')
    else: yield '  unknown  a step beside torch.compile: one of the two was not measured'
    if b and 'preview_share' in b:
        yield from goal('a preview', f"{100 * b['preview_share']:.1f} % of a step", b['preview_share'] < 0.03, 'should be less than 3 %')
    if b and 'deepcache' in b:
        d = b['deepcache']
        yield from goal('DeepCache', f"{d['time_ratio']:.2f} times as fast, {d['flop_ratio']:.2f} by its flop", d['time_ratio'] >= 0.9 * d['flop_ratio'],
                        'should be 0.9 of that')
    failed = {n: v for n, v in r['ops'].items() if v != 'ok' and not v.startswith('skipped')}
    if r['ops']: yield from goal('kernels', f"{len(r['ops']) - len(failed)} of {len(r['ops'])} tests without failure", not failed, 'should be all')


def summary(r):
    m, b = r['machine'] or {}, r['bench']
    yield f"{m.get('date')}, version {m.get('version')}, {m.get('processors')} processors, card: {m.get('card') or 'not known to nvidia-smi'}"
    if b and any(d['name'] == b['device'] and d['kind'] == 'software' for d in r['devices'] or []): yield 'This is software Vulkan: nothing here says how fast a graphics card is.'
    yield from ('', 'Parts')
    for name, s in r['parts'].items(): yield f"  {name:14} {(s or {}).get('seconds', ''):>4} s  {(s or {}).get('status')}"
    yield from ('', 'Goals', *goal_lines(r))
    yield from ('', 'Kernels against loops in doubles')
    for form in sorted({n.split('/')[-1] for n in r['ops']}):
        of = {n: v for n, v in r['ops'].items() if n.endswith('/' + form)}
        counts = [sum(v == 'ok' for v in of.values()), sum(v.startswith('skipped') for v in of.values())]
        yield f'  {form:14} {counts[0]} passed, {counts[1]} skipped, {len(of) - sum(counts)} failed'
    for name, v in r['ops'].items():
        if v != 'ok': yield f'    {name}: {v}'
    if b: yield from ('', *bench_lines(b), '', *kernel_lines(b['kernels'], ['name']))
    yield from ('', 'Forms of kernels')
    for form, f in r['forms'].items():
        status = (r['parts'].get(f'form-{form}') or {})
        reason = status.get('error', '').strip().splitlines()
        yield f"  {form:14} " + (f"step {times(f, 'step_ms')}, {f['gflops'] / 1000:.2f} Tflop/s" if f else f"{status.get('status')}{': ' + reason[-1] if reason else ''}")
    yield from ('', 'PyTorch')
    for t in r['torch']: yield f"  {t.get('variant'):14} {t.get('step_ms')} ms, {t.get('it_per_s')} it/s, {t.get('tflops')} Tflop/s, torch {t.get('torch')}"
    if not r['torch']: yield '  not measured'
    if b and 'shapes' in b: yield from ('', 'Shapes (name m n k kernel)', *kernel_lines(b['shapes'], ['name', 'm', 'n', 'k', 'kernel']))


def write(name, text):
    """At once or not at all: the run may be cut off any time."""
    with open(f'{OUT}/.{name}', 'w') as f: f.write(text)
    os.replace(f'{OUT}/.{name}', f'{OUT}/{name}')


result = gather()
write('results.json', json.dumps(result, indent=1))
write('summary.txt', '\n'.join(summary(result)) + '\n')
