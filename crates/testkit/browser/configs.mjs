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

// Fails with colours, and with bytes that must stay text.
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
