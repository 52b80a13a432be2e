/** The files of the demo's repository, and what its scripted agent does in two iterations. */
export const demoFiles: Record<string, string> = {
  'README.md': '# temperature\n\nConverts degrees. Run the tests with `node --test`.\n',
  'temperature.js': `'use strict';

/** Degrees Celsius to Fahrenheit. */
const toFahrenheit = (celsius) => (celsius * 9) / 5 + 32;

module.exports = { toFahrenheit };
`,
  'temperature.test.js': `'use strict';
const test = require('node:test');
const assert = require('node:assert');
const { toFahrenheit } = require('./temperature.js');

test('water boils at 212 °F', () => assert.strictEqual(toFahrenheit(100), 212));
`,
};

export const demoPrompt = 'Add toCelsius(), the way back from Fahrenheit, rounded to one decimal, with tests.';

export const demoScript = `# The scripted agent of the demo: the first iteration has a mistake in it, the second mends it.
iterations:
  - - message: I will look at the module first.
    - run: cat temperature.js
    - usage: { input: 412, output: 58, cacheRead: 0, cacheWrite: 9120 }
    - delay: 400
    - edit:
        path: temperature.js
        replace: "module.exports = { toFahrenheit };"
        with: |-
          /** Degrees Fahrenheit to Celsius, rounded to one decimal. */
          const toCelsius = (fahrenheit) => Math.round(fahrenheit - 32 * (5 / 9) * 10) / 10;

          module.exports = { toFahrenheit, toCelsius };
    - edit:
        path: temperature.test.js
        append: |

          const { toCelsius } = require('./temperature.js');
          test('water freezes at 0 °C', () => assert.strictEqual(toCelsius(32), 0));
          test('a warm day', () => assert.strictEqual(toCelsius(81.5), 27.5));
    - usage: { input: 96, output: 311, cacheRead: 9120, cacheWrite: 640 }
    - delay: 400
    - message: Added toCelsius() with two tests.
  - - message: The brackets are wrong, the subtraction has to come first.
    - edit:
        path: temperature.js
        replace: "Math.round(fahrenheit - 32 * (5 / 9) * 10) / 10"
        with: "Math.round((fahrenheit - 32) * (5 / 9) * 10) / 10"
    - run: node --test
    - usage: { input: 120, output: 140, cacheRead: 9760, cacheWrite: 512 }
    - delay: 400
    - message: Fixed the order of operations in toCelsius(); all tests pass.
`;
