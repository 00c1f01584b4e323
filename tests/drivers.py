"""Every kernel on the drivers that people have, without their hardware: drivers.py TEST_DRIVERS TABLE [MODEL...]

mesa-drm-shim lets Mesa's drivers start on pretended devices that compile and run nothing. TEST_DRIVERS (tests/drivers.c) then makes
all kernels of all nets under the validation layer, which knows the device's limits, and says what the compiler made of them: the
figures go to TABLE (tab-separated, a line a kernel and driver), and in short to the log. Fails where a driver or the layer complains
or where a hot kernel's registers spill. Intel's shim is not in the package, so ANV is not among them. Prints TAP.
"""
import collections, concurrent.futures, glob, os, re, subprocess, sys, time

PROGRAM, TABLE, MODELS = sys.argv[1], sys.argv[2], sys.argv[3:]

Driver = collections.namedtuple('Driver', 'name shim icd variable device coopmat')
# Those that compile slowest first, so that none is waited for at the end. The last field: has cooperative matrices.
DRIVERS = [
    Driver('NVK Turing', 'nouveau', 'nouveau', 'NOUVEAU_CHIPSET', '176', True),
    Driver('Turnip A730', 'freedreno', 'freedreno', 'FD_GPU_ID', '730', False),
    Driver('RADV RDNA4', 'amdgpu', 'radeon', 'AMDGPU_GPU_ID', 'gfx1201', True),
    Driver('RADV RDNA3', 'amdgpu', 'radeon', 'AMDGPU_GPU_ID', 'navi31', True),
    Driver('RADV RDNA2', 'amdgpu', 'radeon', 'AMDGPU_GPU_ID', 'navi21', False),
    Driver('Honeykrisp M1', 'asahi', 'asahi', None, None, False),
]

# What takes the time of a step. Other kernels are limited by memory, and may spill before it shows.
HOT = r'(matmul|attention)\b'

# What is said without hardware on stderr and is not about our kernels.
HARMLESS = (
    r'Unknown DRM_IOCTL_MSM_GET_PARAM \d+',  # the shim does not know all that Turnip asks its kernel
    r'WARNING: radv is not a conformant Vulkan implementation, testing use only\.',  # said of chips newer than its conformance tests
)

Run = collections.namedtuple('Run', 'driver seconds status device kernels unused messages')


def shim(driver):
    found = glob.glob(f'/usr/lib/*/lib{driver.shim}_noop_drm_shim.so') + glob.glob(f'/usr/lib64/lib{driver.shim}_noop_drm_shim.so')
    return found[0] if found else None


def icd(driver):
    found = glob.glob(f'/usr/share/vulkan/icd.d/{driver.icd}_icd*.json')
    return found[0] if found else None


def run(driver):
    # Neither of Mesa's caches: what was compiled before is compiled again.
    env = {**os.environ, 'VK_DRIVER_FILES': icd(driver), 'LD_PRELOAD': shim(driver), 'MESA_SHADER_CACHE_DISABLE': 'true'}
    if driver.variable: env[driver.variable] = driver.device
    start = time.monotonic()
    r = subprocess.run([PROGRAM, *MODELS], capture_output=True, text=True, env=env)
    rows = [line.split('\t') for line in r.stdout.splitlines()]
    names = next((row[1:] for row in rows if row[0] == 'statistics'), [])
    kernels = {}
    for row in rows:
        if row[0] != 'kernel': continue
        figures = dict(zip(['threads', 'subgroup', *names], map(int, row[3:])))
        kernels[row[2]] = {'form': row[1], **{k: v for k, v in figures.items() if v >= 0}}
    return Run(driver, time.monotonic() - start, r.returncode, next((row[1:] for row in rows if row[0] == 'device'), None), kernels,
               [row[1] for row in rows if row[0] == 'unused'],
               [l for l in r.stderr.splitlines() if l.strip() and not any(re.fullmatch(h, l) for h in HARMLESS)])


def compiles(r):
    if r.status: yield f'ended with status {r.status}'
    yield from r.messages
    if r.status or r.device is None: return
    if bool(r.device[5]) != r.driver.coopmat: yield f'has cooperative matrices “{r.device[5]}”, which was not expected'
    for kind in ('matmul', 'attention'):
        if r.driver.coopmat and not any(k.startswith(f'{kind}-coopmat') for k in r.kernels): yield f'compiled no {kind} on cooperative matrices'
    # A driver whose names for things have changed would spill in silence.
    for figure in ('registers', 'spills', 'code'):
        if not any(k.get(figure) is not None for k in r.kernels.values()): yield f'does not tell its {figure}: see gpu/vk/gpu-statistics.c'


def hot_kernels_keep_to_registers(r):
    hot = {name: k for name, k in r.kernels.items() if re.match(HOT, name)}
    if not hot: yield 'there are no hot kernels'
    for name, k in sorted(hot.items()):
        # Scratch memory without spills is an array that should be registers and is indexed by a loop that was not unrolled.
        if k.get('spills', 0) or k.get('scratch', 0):
            yield f'{name} ({k["form"]}): {k.get("spills", 0)} spills, {k.get("scratch", 0)} bytes of scratch memory, {k.get("registers", "?")} registers'


def device_limits_hold(r):
    """The layer compares them with what the shaders ask for; this is what the compilers made of it."""
    if r.device is None:
        yield 'there is no device'
        return
    shared, threads = int(r.device[3]), int(r.device[4])
    for name, k in sorted(r.kernels.items()):
        if k['threads'] > threads: yield f'{name}: {k["threads"]} threads a workgroup, {threads} are allowed'
        if k.get('shared', 0) > shared: yield f'{name}: {k["shared"]} bytes of shared memory, {shared} are allowed'


def write_table(runs):
    columns = ['form', 'threads', 'subgroup', 'registers', 'spills', 'moves', 'scratch', 'shared', 'code', 'resident']
    with open(TABLE, 'w') as f:
        print('driver', 'kernel', *columns, sep='\t', file=f)
        for r in runs:
            for name, k in sorted(r.kernels.items()): print(r.driver.name, name, *(k.get(c, '') for c in columns), sep='\t', file=f)


def print_table(runs):
    """A row a kernel: its name without the threads of a workgroup, which differ by device."""
    print('# registers, spilled + moved, shared bytes, kB of code, resident subgroups; “-” is not told; all figures: ' + os.path.relpath(TABLE))
    rows = collections.defaultdict(dict)
    for r in runs:
        for name, k in r.kernels.items():
            shader, _, *constants = name.split('/')
            rows['/'.join([shader, *constants])][r.driver.name] = '{} {}+{} {} {:.0f}k {}'.format(
                *(k.get(c, '-') for c in ('registers', 'spills', 'moves', 'shared')), k.get('code', 0) / 1000, k.get('resident', '-'))
    width = max(map(len, rows), default=0)
    print('#', ' ' * width, *(f'{r.driver.name:22}' for r in runs))
    for name, cells in sorted(rows.items()): print('#', f'{name:{width}}', *(f'{cells.get(r.driver.name, ""):22}' for r in runs))


def main():
    checks = [compiles, hot_kernels_keep_to_registers, device_limits_hold]
    there = [d for d in DRIVERS if shim(d) and icd(d)]
    print(f'1..{len(DRIVERS) * len(checks)}')
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool: runs = list(pool.map(run, there))
    if runs:
        write_table(runs)
        print_table(runs)
        for r in runs: print(f'# {r.driver.name}: {r.device and r.device[0]}, {r.device and r.device[1]}: {len(r.kernels)} kernels in {r.seconds:.1f} s')
        nowhere = set.intersection(*(set(r.unused) for r in runs))
        print('# compiled for none of them, because only software, another driver or nothing asks for it:', ', '.join(sorted(nowhere)) or 'nothing')
    n = failed = 0
    for driver in DRIVERS:
        r = next((r for r in runs if r.driver == driver), None)
        for check in checks:
            n += 1
            title = f'{driver.name}: {check.__name__.replace("_", " ")}'
            if r is None:
                print('ok', n, title, f'# SKIP the package mesa-drm-shim, or {driver.icd}_icd.json, is missing')
                continue
            found = list(check(r))
            failed += bool(found)
            print('not ok' if found else 'ok', n, title)
            for line in found[:20]: print('#', line)
    return 1 if failed else 0


sys.exit(main())
