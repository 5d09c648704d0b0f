import { describe, expect, test } from 'vitest';
import { explainOption } from './explain.ts';
import { formatExpression } from './expression.ts';
import { parseConfig } from './fragments.ts';
import { type Definition, parseKconfig } from './kconfig.ts';

const FILES: Record<string, string> = {
  Kconfig: `# SPDX
mainmenu "Linux"
if-success = $(shell,{ $(1); } && echo "$(2)")
$(error-if,$(failure,true),no compiler)
source "arch/$(SRCARCH)/Kconfig"
source "lib/Kconfig"
`,
  'arch/x86/Kconfig': `config X86
\tdef_bool y
\tselect ALWAYS_ON
\tselect FOR_NUMA if NUMA

config 64BIT
\tbool "64-bit kernel" if "$(ARCH)" = "x86"

config NUMA
\tbool "NUMA if you have it"
\tdepends on SMP
\tdepends on 64BIT || \\
\t\t(X86_32 && HIGHMEM)
\thelp
\t  A help text.

\t  config IN_HELP
\t  depends on NOTHING
\t    Deeper, too.
`,
  'lib/Kconfig': `menu "Hacking"
\tdepends on EXPERT
if NET

config NETLOCK
\ttristate "Lock the net"
\tdepends on INET

endif

choice
\tprompt "Allocator"
\tdefault SLUB

config SLAB
\tbool "SLAB"

config SLUB
\tbool "SLUB"

endchoice

config LEVEL
\tint "Level (0-9)" if EXPERT
\trange 0 9
\tdefault 3

endmenu

config HIDDEN
\tbool

config ALWAYS_ON
\tbool

config TWICE
\tbool "once"
\tdepends on A

config TWICE
\tbool "again"
\tdepends on B
\tselect HIDDEN
`,
};

const definitions = parseKconfig('Kconfig', (file) => FILES[file] ?? null);
const find = (symbol: string): Definition => {
  const found = definitions.find((definition) => definition.symbol === symbol);
  if (found === undefined) throw new Error(`${symbol} was not found`);
  return found;
};

describe('parseKconfig', () => {
  test('finds every symbol, and none in help texts', () => {
    expect(definitions.map((definition) => definition.symbol)).toEqual([
      ...[
        'X86',
        '64BIT',
        'NUMA',
        'NETLOCK',
        'SLAB',
        'SLUB',
        'LEVEL',
        'HIDDEN',
        'ALWAYS_ON',
        'TWICE',
        'TWICE',
      ],
    ]);
  });

  test('knows where, and what surrounds it', () => {
    expect(find('NETLOCK')).toMatchObject({ file: 'lib/Kconfig', line: 5, choice: null });
    expect(find('NETLOCK').dependsOn.map(formatExpression)).toEqual(['EXPERT', 'NET', 'INET']);
    expect(find('HIDDEN').dependsOn).toEqual([]);
    expect(find('SLAB').choice).toBe('lib/Kconfig:11');
  });

  test('joins continued lines, keeps an "if" inside a prompt', () => {
    expect(find('NUMA').dependsOn.map(formatExpression)).toEqual(['SMP', '64BIT || (X86_32 && HIGHMEM)']);
    expect(find('NUMA').prompts).toEqual([{ value: 'NUMA if you have it', condition: null }]);
    expect(find('X86').selects.map((select) => select.value)).toEqual(['ALWAYS_ON', 'FOR_NUMA']);
    expect(find('HIDDEN').prompts).toEqual([]);
  });
});

describe('explainOption', () => {
  const config = parseConfig(
    'CONFIG_X86=y\nCONFIG_EXPERT=y\nCONFIG_SLUB=y\nCONFIG_NET=y\nCONFIG_LEVEL=3\nCONFIG_ALWAYS_ON=y\nCONFIG_A=m\n',
  );
  const why = (name: string, wanted: string): string => {
    const option = `CONFIG_${name}`;
    return explainOption({ option, wanted, got: config.get(option) ?? 'n' }, definitions, config);
  };

  test.each([
    ['NETLOCK', 'y', 'it depends on INET (INET is not set)'],
    ['NETLOCK', 'm', 'it would be a module, and MODULES is not set'],
    [
      'NUMA',
      'y',
      'it depends on SMP (SMP is not set) and on 64BIT || (X86_32 && HIGHMEM) (64BIT is not set, X86_32 is not set, HIGHMEM is not set)',
    ],
    ['TWICE', 'y', 'it depends on A (A=m); or it depends on B (B is not set)'],
    ['SLAB', 'y', 'it is one of a choice in which SLUB was chosen'],
    ['LEVEL', '12', 'its range is 0 to 9'],
    ['HIDDEN', 'y', 'it cannot be set by hand, only by being selected by TWICE'],
    ['ALWAYS_ON', 'n', 'it is selected by X86'],
    ['SLUB', 'n', 'it is the chosen member of a choice'],
    ['NUMAA', 'y', 'this tree has no such option; it has NUMA'],
    ['QQQQQQQQQ', 'y', 'this tree has no such option'],
  ])('CONFIG_%s=%s: %s', (name, wanted, reason) => {
    expect(why(name, wanted)).toBe(reason);
  });

  test('a prompt that is hidden says by what', () => {
    const hidden = parseConfig('CONFIG_EXPERT=y\n');
    const only = parseKconfig('K', () => 'config X\n\tbool "x" if EMBEDDED\n');
    expect(explainOption({ option: 'CONFIG_X', wanted: 'y', got: 'n' }, only, hidden)).toBe(
      'it can only be set with EMBEDDED (EMBEDDED is not set)',
    );
  });
});
