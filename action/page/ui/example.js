// @ts-check
// The built-in example: a shop with two images, and the same shop before its last commit.

/** @typedef {import('../core/open.js').Source} Source */
/** @typedef {{ path: string, text: string, exec?: boolean }} Text */

const COMPOSE = `services:
  web:
    image: ghcr.io/acme/shop-web
    build:
      context: .
      target: web
  worker:
    image: ghcr.io/acme/shop-worker
    build:
      context: .
      target: worker
      args:
        QUEUE: \${QUEUE:-orders}
`
const DOCKERFILE = `FROM node:22.11-slim AS base
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev
COPY src/shared src/shared

FROM base AS worker
ARG QUEUE
COPY src/worker src/worker
COPY bin/worker bin/
CMD ["bin/worker"]

FROM base AS web
COPY public public
COPY src/web src/web
COPY bin/web bin/
CMD ["bin/web"]
`
const IGNORE = `# what no image needs
.git
*.md
**/*.test.js
public/**/*.psd
coverage
`

/**
 * Text of about so many bytes, the same every time.
 * @param {string} name
 * @param {number} size
 */
function filler(name, size) {
  const line = `// ${name}: goods, prices, orders\n`
  return line.repeat(Math.max(1, Math.round(size / line.length)))
}

/** @type {Array<[path: string, size: number]>} */
const SIZES = [
  ['package-lock.json', 41_000], ['README.md', 5_200], ['CHANGELOG.md', 9_800],
  ['src/shared/money.js', 6_100], ['src/shared/cart.js', 14_300], ['src/shared/cart.test.js', 11_900], ['src/shared/log.js', 2_400],
  ['src/web/server.js', 12_800], ['src/web/routes.js', 18_700], ['src/web/routes.test.js', 16_200], ['src/web/views/shop.html', 9_400],
  ['src/web/views/cart.html', 7_700], ['src/web/views/order.html', 8_100],
  ['src/worker/queue.js', 9_900], ['src/worker/mail.js', 7_300], ['src/worker/mail.test.js', 5_600], ['src/worker/invoice.js', 13_100],
  ['public/app.js', 38_400], ['public/style.css', 21_500], ['public/img/hero.svg', 33_000], ['public/img/logo.svg', 4_200],
  ['public/img/hero.psd', 96_000], ['public/fonts/text.woff2', 48_000],
  ['docs/deploy.html', 15_600], ['docs/prices.csv', 27_000], ['coverage/report.html', 58_000], ['coverage/lcov.info', 24_000],
  ['.git/objects/pack/pack-1.pack', 88_000], ['.git/HEAD', 24],
]

/**
 * @param {boolean} [before] as it was before the last commit
 * @returns {Source}
 */
export function example(before = false) {
  /** @type {Text[]} */
  const files = [
    { path: 'compose.yaml', text: COMPOSE },
    { path: 'Dockerfile', text: DOCKERFILE },
    { path: '.dockerignore', text: IGNORE },
    { path: 'package.json', text: '{ "name": "shop", "private": true }\n' },
    { path: 'bin/web', text: '#!/bin/sh\nexec node src/web/server.js\n', exec: true },
    { path: 'bin/worker', text: '#!/bin/sh\nexec node src/worker/queue.js\n', exec: !before },
    ...SIZES.map(([path, size]) => ({ path, text: filler(path, size) })),
  ]
  const changed = before ? files.filter(({ path }) => path !== 'public/img/logo.svg') : files
  if (before) {
    changed.push({ path: 'public/img/old-logo.svg', text: filler('old logo', 3_900) })
    for (const file of changed) if (file.path === 'src/shared/cart.js') file.text = file.text.replace(/(.*\n){3}/, '// cart: goods and prices\n')
  }
  return { kind: 'texts', name: before ? 'shop before' : 'shop', files: changed.map((file) => ({ ...file, path: `shop/${file.path}` })) }
}
