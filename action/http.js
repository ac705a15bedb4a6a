// @ts-check
// Sending requests, with what Node brings along.

import { HostFailure } from './failure.js'

/** @typedef {import('../pkg/docktag.js').HttpRequest} HttpRequest */
/** @typedef {import('../pkg/docktag.js').HttpResponse} HttpResponse */
/** @typedef {import('../pkg/docktag.js').Failure['kind']} Kind */

/** No manifest is larger (distribution-spec: registries should take 4 MiB); more is not read into memory. */
const BODY_LIMIT = 8 * 1024 * 1024
const REDIRECTS = 10

/** @type {Map<string, import('node:http').Agent>} */
const agents = new Map()
/** The system's certificates, once those of Node were not enough. @type {string[] | undefined} */
let authorities

/**
 * Sends a request and follows redirects; credentials stay with the host that they are meant for.
 * @param {HttpRequest} request
 * @param {string} agent the name that we give ourselves
 * @returns {Promise<Omit<HttpResponse, 'milliseconds'>>}
 */
export async function send(request, agent) {
  const signal = AbortSignal.timeout(request.timeout)
  let { url, method, authorization } = request
  let body = request.body === null ? null : Buffer.from(request.body, 'base64')
  try {
    for (let count = 0; ; count++) {
      // Node adds no `Host` to headers that are a list, which keeps several of one name.
      const headers = [['host', new URL(url).host], ...request.headers, ['user-agent', agent]]
      if (authorization) headers.push(['authorization', authorization])
      if (body !== null) headers.push(['content-length', String(body.length)])
      const response = await exchange(url, { method, headers: headers.flat(), body, direct: request.direct, signal })
      const location = response.headers.find(([name]) => name === 'location')?.[1]
      if (![301, 302, 303, 307, 308].includes(response.status) || !location || count === REDIRECTS) return response
      const target = new URL(location, url)
      if (target.origin !== new URL(url).origin) authorization = null
      // RFC 9110, 15.4: all but 307 and 308 turn a request with a body into a GET.
      if (response.status < 307 && method !== 'HEAD') [method, body] = ['GET', null]
      url = target.href
    }
  } catch (error) {
    if (signal.aborted) throw new HostFailure('timeout', `gave up after ${request.timeout / 1000} s`)
    throw error
  }
}

/** Closes connections that are kept open. */
export function close() {
  for (const agent of agents.values()) agent.destroy()
  agents.clear()
}

/**
 * @typedef {{ method: string, headers: string[], body: Buffer | null, direct: boolean, signal: AbortSignal }} Exchange
 */

/**
 * One request and its answer.
 * @param {string} url
 * @param {Exchange} exchange
 * @returns {Promise<Omit<HttpResponse, 'milliseconds'>>}
 */
async function exchange(url, exchange) {
  try {
    return await attempt(url, exchange).catch(async (error) => {
      // As the Docker engine, trust what the system trusts; reading it costs time, so only where it is needed.
      if (kindOf(error) === 'tls' && !authorities && (await readAuthorities())) return attempt(url, exchange)
      throw error
    })
  } catch (error) {
    const kind = kindOf(error)
    const isFar = (kind === 'dns' || kind === 'connect') && !exchange.direct
    throw new HostFailure(kind, wordsOf(error) + (isFar ? aboutProxy(url) : ''))
  }
}

/**
 * @param {string} url
 * @param {Exchange} exchange
 * @returns {Promise<Omit<HttpResponse, 'milliseconds'>>}
 */
async function attempt(url, { method, headers, body, direct, signal }) {
  const { protocol } = new URL(url)
  const http = protocol === 'https:' ? await import('node:https') : await import('node:http')
  const agent = agentFor(http, protocol, direct)
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent, signal }, (response) => {
      /** @type {Buffer[]} */
      const parts = []
      let size = 0
      response.on('data', (part) => {
        size += part.length
        if (size > BODY_LIMIT) response.destroy(new HostFailure('garbled', `the answer is larger than ${BODY_LIMIT} bytes`))
        else parts.push(part)
      })
      response.on('error', reject)
      response.on('end', () => {
        const pairs = response.rawHeaders.map((value, index, all) => [value.toLowerCase(), all[index + 1]]).filter((_, index) => index % 2 === 0)
        resolve({
          status: response.statusCode ?? 0,
          headers: /** @type {Array<[string, string]>} */ (pairs),
          body: Buffer.concat(parts).toString('base64'),
        })
      })
    })
    request.on('error', reject)
    request.end(body ?? undefined)
  })
}

/**
 * Connections are kept open between requests. Proxies are taken from the usual variables (Node's documentation, `http.Agent`, `proxyEnv`).
 * @param {typeof import('node:http') | typeof import('node:https')} http
 * @param {string} protocol
 * @param {boolean} direct
 */
function agentFor(http, protocol, direct) {
  const name = `${protocol} ${direct}`
  let agent = agents.get(name)
  if (!agent) {
    agent = new http.Agent({
      keepAlive: true,
      ...(authorities && { ca: authorities }),
      ...(!direct && { proxyEnv: process.env }),
    })
    agents.set(name, agent)
  }
  return agent
}

/**
 * A proxy may be why there is no connection, and a Node that takes none from the environment surely is.
 * @param {string} url
 */
function aboutProxy(url) {
  const name = url.startsWith('https:') ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  if (!process.env[name] && !process.env[name.toLowerCase()]) return ''
  const takesIt = process.allowedNodeEnvironmentFlags.has('--use-env-proxy')
  return ` (${name} is set${takesIt ? '' : `, but Node ${process.version} takes no proxy from it: use Node 24`})`
}

/** Whether there are more authorities than Node knows by itself. */
async function readAuthorities() {
  const tls = await import('node:tls')
  if (!('getCACertificates' in tls)) return false
  authorities = [...tls.getCACertificates('default'), ...tls.getCACertificates('system')]
  close()
  return true
}

/**
 * What went wrong, on one line.
 * @param {unknown} error
 */
function wordsOf(error) {
  const { message } = /** @type {Error} */ (error)
  // OpenSSL names its thread, its functions and the line of its source: `...:SSL routines:tls_get_more_records:wrong version number:...`.
  const [, reason] = /:SSL routines:[^:]*:([^:]+):/.exec(message) ?? []
  // What Node recommends was done already.
  const words = (reason ?? message).replace(/; if the root CA is installed locally, .*$/s, '').replaceAll(/\s*\n\s*/g, ' ')
  return words.replace(/[\s:]+$/, '')
}

/**
 * @param {unknown} error
 * @returns {Kind}
 */
function kindOf(error) {
  if (error instanceof HostFailure) return error.failure.kind
  const { code = '' } = /** @type {NodeJS.ErrnoException} */ (error)
  if (['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENODATA'].includes(code)) return 'dns'
  if (/CERT|^UNABLE_TO_|^ERR_TLS|SELF_SIGNED|^HOSTNAME_MISMATCH$|^INVALID_CA$/.test(code)) return 'tls'
  if (code === 'ETIMEDOUT') return 'timeout'
  if (/^(ECONNRESET|EPIPE|EPROTO|ERR_SSL_.*|HPE_.*|ERR_HTTP.*|ERR_STREAM.*)$/.test(code)) return 'garbled'
  return 'connect'
}
