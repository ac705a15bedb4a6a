// @ts-check
// Whom to trust under TLS where that is not the usual, and who we are.

import tls from 'node:tls'
import { HostFailure, ofFile } from './failure.js'
import { readAll } from './files.js'

/**
 * What TLS is told. Authorities that are named are besides those that Node knows.
 * @param {import('../pkg/docktag.js').Trust} trust
 * @param {string[]} [known] the system's authorities, where they were read
 * @returns {import('node:https').AgentOptions}
 */
export function options({ insecure, authorities, identity }, known) {
  return { ...(insecure ? { rejectUnauthorized: false } : authoritiesOf(authorities, known)), ...(identity && identityOf(identity)) }
}

/**
 * @param {string[]} files
 * @param {string[]} [known]
 */
function authoritiesOf(files, known) {
  if (files.length === 0) return known && { ca: known }
  // Node 20 has only those that it brings along.
  const own = known ?? tls.getCACertificates?.('default') ?? tls.rootCertificates
  const named = files.map((file) => {
    const text = read(file)
    // As in Go, what is no certificate in there is none.
    if (!text.includes('-----BEGIN CERTIFICATE-----')) return []
    check(file, { ca: text })
    return [text]
  })
  return { ca: [...own, ...named.flat()] }
}

/** @param {[string, string]} files */
function identityOf(files) {
  const [cert, key] = files.map(read)
  check(files[0], { cert })
  check(files[1], { cert, key })
  return { cert, key }
}

/** @param {string} file */
function read(file) {
  try {
    return readAll(file).toString()
  } catch (error) {
    throw ofFile(error, file)
  }
}

/**
 * What is refused here would be thrown later, where nobody catches it.
 * @param {string} file
 * @param {tls.SecureContextOptions} options
 */
function check(file, options) {
  try {
    tls.createSecureContext(options)
  } catch (error) {
    // OpenSSL's words have a number and the name of a part of it before them.
    const { message } = /** @type {Error} */ (error)
    throw new HostFailure('other', message.replace(/^error:[^:]*:[^:]* routines:[^:]*:/, '').trim(), file)
  }
}
