// Configurations that the story pushes.

const job = (name, steps) => `version: 2.1
jobs:
  ${name}:
    machine: true
    steps:
${steps}
workflows:
  main:
    jobs: [${name}]
`;

const run = (name, command) => `      - run:
          name: ${name}
          command: |
${command.split('\n').map((line) => `            ${line}`).join('\n')}`;

// Writes a line five times a second, for long enough to be watched.
export const talkative = job('talk', run('Talk', 'for n in $(seq 1 40); do echo "word $n"; sleep 0.15; done'));

// Fails with colors, and with bytes that must stay text.
export const failing = job('break', [
  run('Prepare', 'echo ready'),
  run('Test', [
    "for n in $(seq 1 30); do printf ' \\033[32m✓\\033[39m hinge %s turns\\n' $n; done",
    "printf '\\033[31mAssertionError: expected 41 to be less than 40\\033[39m\\n'",
    "printf '<script>window.hacked = true</script><img src=x onerror=\"window.hacked = true\">\\n'",
    'exit 3',
  ].join('\n')),
  run('Never', 'echo unreachable'),
].join('\n'));

// More lines than a page holds.
export const long = job('write', run('Write a lot', "seq -f 'row %.0f of the long log' 1 30000"));

// A parameter that is not there.
export const wrong = `version: 2.1
commands:
  install:
    parameters:
      version: { type: string }
    steps:
      - run: echo << parameters.version >>
jobs:
  build:
    machine: true
    steps:
      - install: { verison: "20" }
workflows:
  main:
    jobs: [build]
`;

// The same, to the right of what a phone shows, and of what a wide window shows.
export const wrongFarRight = wrong.replace('{ verison', `{ version: "${'2'.repeat(180)}", verison`);

// A test report of which only the middle and the end matter, longer than a page keeps in full.
export const report = job('report', run('Tests', [
  "seq -f '  ok %.0f' 1 1777",
  "echo 'AssertionError: expected 41'",
  "seq -f '  ok %.0f' 1779 3000",
  "echo '2999 passed, 1 failed'",
  'exit 1',
].join('\n')));

// Begins with more than a page of lines, pauses, and grows past what a page keeps in full.
export const growing = job('grow', run('Grow', [
  "seq -f 'row %.0f' 1 1200",
  'sleep 6',
  "for n in $(seq 12 25); do seq -f 'row %.0f' $((n * 100 + 1)) $((n * 100 + 100)); sleep 0.2; done",
  'sleep 2',
].join('\n')));

// More than a hundred thousand lines: numbers of six digits.
export const huge = job('huge', run('Count', "seq -f 'entry %.0f' 1 120000"));

// Longer than what the server reads for one answer.
export const large = job('large', run('Fill', "seq -f 'row %.0f of a log that is read in portions, as it is too large for one' 1 150000\nexit 1"));

// Lines that are longer than a window is wide, and more of them than a page holds.
export const broad = job('broad', run('Stretch', "for n in $(seq 1 2500); do printf 'begin %s %0400d end\\n' $n 0; done"));

// Names as long as they may be, without a place to break them.
export const longName = 'n'.repeat(180);
export const lengthy = job(`job-${longName}`, run(`step-${longName}`, `echo ${longName}; exit 1`)).replace('  main:', `  flow-${longName}:`);

// Sixty jobs, and one that requires them all.
export const wide = `version: 2.1
jobs:
  unit:
    parameters:
      node: { type: integer }
      os: { type: string }
    machine: true
    steps:
      - run: echo << parameters.node >> on << parameters.os >>
  all:
    machine: true
    steps:
      - run: echo all
workflows:
  main:
    jobs:
      - unit:
          name: unit-<< matrix.node >>-<< matrix.os >>-with-a-long-name
          matrix:
            parameters:
              node: [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]
              os: [debian-12, debian-13, ubuntu-22, ubuntu-24, fedora]
      - all:
          requires: [unit]
`;
