/** `vma a VM_LOCKED anon_vma;` and `cache f[0..1];`: what is there at the start beside what is mapped. */
import { object } from '../language/expr.ts'
import type { Patch } from '../kernels/patches.ts'
import type { CacheDecl, Decl, VmaDecl } from '../litmus/ast.ts'
import { folio, vma, VmFlags } from '../mm/mm_types.ts'
import { setsMaybeGuard } from './fill.ts'
import { flagsOf } from './flags.ts'
import { mappingNamed, setTo, within, type Initial, type World } from './place.ts'
import { hint, refuse } from './problem.ts'

type Has = (patch: Patch) => boolean
type Place = Omit<World, 'init'>

const ANON_VMA = 'anon_vma'

/** Flags that a `vma` declaration may give: those of mmap() are the mapping's, and userfaultfd's need more than a flag. */
export const EXTRA_FLAGS: readonly string[] = VmFlags.bits.filter(
  (b) => !['VM_READ', 'VM_WRITE', 'VM_SHARED', 'VM_NOSIGBUS', 'VM_MIXEDMAP'].includes(b) && !b.startsWith('VM_UFFD'),
)

/** Flags that a VMA may have on a kernel, beside those of mmap(). */
export const flagsKnown = (has: Has): readonly string[] =>
  EXTRA_FLAGS.filter((b) => b !== 'VM_MAYBE_GUARD' || setsMaybeGuard(has))

const isGuardFill = (d: Decl, name: string): boolean =>
  d.kind === 'fill' && d.name.text === name && (d.access === 'guard' || d.access === 'marker')

function vmaDecl(d: VmaDecl, decls: readonly Decl[], world: Place, has: Has): readonly Initial[] {
  const m = mappingNamed(world, d.name)
  if (m.unmapped) refuse('MM107', `nothing is mapped at '${m.name}' yet`, d.span)
  const known = [...flagsKnown(has), ANON_VMA]
  for (const w of d.words)
    if (!known.includes(w.text))
      refuse('MM107', `no VMA has '${w.text}' at the start on this kernel`, w.span, hint(w.text, known))
  const said = (word: string): boolean => d.words.some((w) => w.text === word)
  if (said('VM_WIPEONFORK') && m.file !== undefined)
    refuse('MM107', 'VM_WIPEONFORK is for private anonymous memory', d.span)
  const guards = setsMaybeGuard(has) && decls.some((other) => isGuardFill(other, m.name))
  const bits = EXTRA_FLAGS.filter((b) => said(b) || (guards && b === 'VM_MAYBE_GUARD'))
  const at = object('vma', m.vma)
  return [
    setTo(vma.vm_flags(at), flagsOf(m, has, bits)),
    ...(said(ANON_VMA) ? [setTo(vma.anon_vma(at), 'anon_vma')] : []),
  ]
}

function cacheDecl(d: CacheDecl, world: Place): readonly Initial[] {
  const backing = world.backings.find((b) => b.name === d.name.text)
  if (backing === undefined) {
    const known = world.backings.map((b) => b.name)
    return refuse('MM102', `no file named '${d.name.text}'`, d.name.span, hint(d.name.text, known))
  }
  within(d.range, backing.pages, backing.name)
  const out: Initial[] = []
  for (let i = d.range.first; i <= d.range.last; i++) {
    if (world.huge && Math.floor(i / world.ptes) < backing.chunks)
      refuse('MM107', `page ${i} of '${backing.name}' is cached in a huge folio`, d.span)
    out.push(setTo(folio.cached(object('folio', backing.firstFolio + i)), true))
  }
  return out
}

/** After the fills, whose traces in a VMA it repeats. */
export const startState = (decls: readonly Decl[], world: Place, has: Has): readonly Initial[] =>
  decls.flatMap((d): readonly Initial[] => {
    if (d.kind === 'vma') return vmaDecl(d, decls, world, has)
    return d.kind === 'cache' ? cacheDecl(d, world) : []
  })
