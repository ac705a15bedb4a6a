// @ts-check
// Sending requests, with what Node brings along.

import { createRequire } from 'node:module'
import { HostFailure } from './failure.js'

/** @typedef {import('../pkg/docktag.js').HttpRequest} HttpRequest */
/** @typedef {import('../pkg/docktag.js').HttpResponse} HttpResponse */
/** @typedef {import('../pkg/docktag.js').Trust} Trust */
/** @typedef {import('../pkg/docktag.js').Failure['kind']} Kind */

/** No manifest is larger (distribution-spec: registries should take 4 MiB); more is not read into memory. */
const BODY_LIMIT = 8 * 1024 * 1024

/** An `import` of `node:http` looks at all that it exports, and loads `fetch` and `WebSocket` with it: 50 ms. */
const require = createRequire(import.meta.url)
/** @type {Map<string, import('node:http').Agent>} */
const agents = new Map()
/** The system's certificates, once those of Node were not enough. @type {string[] | undefined} */
let authorities

/**
 * Sends a request; a redirect is an answer too.
 * @param {HttpRequest} request
 * @param {string} agent the name that we give ourselves
 * @returns {Promise<Omit<HttpResponse, 'milliseconds'>>}
 */
export async function send(request, agent) {
  const signal = AbortSignal.timeout(request.timeout)
  const { url, method, authorization, proxy, trust } = request
  const body = request.body === null ? null : Buffer.from(request.body, 'base64')
  // Node adds no `Host` to headers that are a list, which keeps several of one name.
  const headers = [['host', new URL(url).host], ...request.headers, ['user-agent', agent]]
  if (authorization) headers.push(['authorization', authorization])
  if (body !== null) headers.push(['content-length', String(body.length)])
  try {
    return await exchange(url, { method, headers: headers.flat(), body, proxy, trust, signal })
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
 * @typedef {{ method: string, headers: string[], body: Buffer | null, proxy: string | null, trust: Trust, signal: AbortSignal }} Exchange
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
    if (error instanceof HostFailure && error.failure.path) throw error
    const kind = kindOf(error)
    const isFar = (kind === 'dns' || kind === 'connect') && exchange.proxy !== null
    throw new HostFailure(kind, wordsOf(error) + (isFar ? aboutProxy() : ''))
  }
}

/**
 * @param {string} url
 * @param {Exchange} exchange
 * @returns {Promise<Omit<HttpResponse, 'milliseconds'>>}
 */
async function attempt(url, { method, headers, body, proxy, trust, signal }) {
  const { protocol } = new URL(url)
  /** @type {typeof import('node:http') | typeof import('node:https')} */
  const http = require(protocol === 'https:' ? 'node:https' : 'node:http')
  const name = JSON.stringify([protocol, proxy, trust])
  // Its files are read once for all requests.
  const agent = agentFor(http, name, proxy, agents.has(name) ? {} : await optionsFor(protocol, trust))
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
 * What TLS is told where that is not the usual.
 * @param {string} protocol
 * @param {Trust} trust
 * @returns {Promise<import('node:https').AgentOptions>}
 */
async function optionsFor(protocol, trust) {
  const isUsual = protocol === 'http:' || (!trust.insecure && trust.authorities.length === 0 && !trust.identity)
  return isUsual ? {} : (await import('./trust.js')).options(trust, authorities)
}

/**
 * Connections are kept open between requests. Node takes a proxy as it takes those of variables (its documentation, `http.Agent`, `proxyEnv`).
 * @param {typeof import('node:http') | typeof import('node:https')} http
 * @param {string} name what it is for: others have another one
 * @param {string | null} proxy
 * @param {import('node:https').AgentOptions} options
 */
function agentFor(http, name, proxy, options) {
  let agent = agents.get(name)
  if (!agent) {
    agent = new http.Agent({
      keepAlive: true,
      ...(authorities && { ca: authorities }),
      ...options,
      ...(proxy !== null && { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } }),
    })
    agents.set(name, agent)
  }
  return agent
}

/** A proxy may be why there is no connection, and a Node that takes none surely is. */
function aboutProxy() {
  const takesIt = process.allowedNodeEnvironmentFlags.has('--use-env-proxy')
  const how = takesIt ? 'through the proxy of HTTPS_PROXY or HTTP_PROXY' : `HTTPS_PROXY or HTTP_PROXY is set, but Node ${process.version} takes no proxy: use Node 24`
  return ` (${how})`
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
  // RFC 8446, 6.2: what a server says of the certificate that it was shown, or was not; and a key of another certificate.
  if (/ALERT_.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)|KEY_VALUES_MISMATCH/.test(code)) return 'certificate'
  if (/CERT|_ALERT_|^UNABLE_TO_|^ERR_TLS|SELF_SIGNED|^HOSTNAME_MISMATCH$|^INVALID_CA$/.test(code)) return 'tls'
  if (code === 'ETIMEDOUT') return 'timeout'
  if (/^(ECONNRESET|EPIPE|EPROTO|ERR_SSL_.*|HPE_.*|ERR_HTTP.*|ERR_STREAM.*)$/.test(code)) return 'garbled'
  return 'connect'
}
