/** The child's exit code where the package is not at the path given. */
export const EXIT_MISSING = 3

/**
 * The program that runs Z3 in a process of its own, as text: it has to start the same way from
 * TypeScript sources under a test runner and from compiled files, and only `node -e` does. Kept short
 * and plain for that reason.
 *
 * Arguments: the path of the z3-solver package, and Z3's memory limit in megabytes. Messages over
 * IPC: `{ id, text }` in, `{ id, output }` or `{ id, error }` out, and one `{ ready: true }` first;
 * `{ renew: true }` in makes all that was said before forgotten, by a new context: answers then do not
 * depend on what the process was asked earlier.
 * Z3 works on a thread of its own, so that this process hears of its parent's end and follows it.
 *
 * The text is copied by hand: z3-solver 5.2.0's own `eval_smtlib2_string` passes its argument on the
 * stack of the calling thread, which is used again while Z3's thread still reads it. Long or quickly
 * repeated texts then arrive damaged.
 */
export const Z3_CHILD_SOURCE: string = `
'use strict'
const [z3Path, memoryMb] = process.argv.slice(1)
process.on('disconnect', () => process.exit(0))
const send = (message) => process.send(message)
const start = async () => {
  const { Z3, em } = await require(z3Path).init()
  Z3.global_param_set('memory_max_size', memoryMb)
  const newContext = () => {
    const config = Z3.mk_config()
    const made = Z3.mk_context(config)
    Z3.del_config(config)
    return made
  }
  let context = newContext()
  const evaluate = async (text) => {
    const bytes = Buffer.from(text + '\\0')
    const address = em._malloc(bytes.length) >>> 0
    em.HEAPU8.set(bytes, address)
    try {
      return await em.async_call(() => em._async_Z3_eval_smtlib2_string(context, address))
    } finally {
      em._free(address)
    }
  }
  let last = Promise.resolve()
  process.on('message', ({ id, text, renew }) => {
    last = last.then(async () => {
      if (renew) {
        Z3.del_context(context)
        context = newContext()
        return
      }
      try {
        send({ id, output: await evaluate(text) })
      } catch (error) {
        send({ id, error: String(error && error.message || error) })
      }
    })
  })
  send({ ready: true })
}
start().catch((error) => {
  process.stderr.write(String(error && error.stack || error))
  process.exit(error && error.code === 'MODULE_NOT_FOUND' ? ${EXIT_MISSING} : 1)
})
`
