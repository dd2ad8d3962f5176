/** Every property, and how they are attached to a scenario. */
import type { Program } from '../model/language/routine.ts'
import type { Scenario } from '../model/scenarios/scenario.ts'
import { ExclusiveIsAlone, PinnedIsExclusive } from './anon_exclusive.ts'
import { ContentsOwn } from './contents_own.ts'
import { CowIsolated } from './cow_isolated.ts'
import { CowIsolation } from './cow_isolation.ts'
import { DiscardedIsEmpty, PunchedIsUnmapped } from './discarded.ts'
import { EmptyUnlink } from './empty_unlink.ts'
import { FastPinFresh } from './fast_pin.ts'
import { FolioUnmappedOnRemoval } from './folio_unmapped.ts'
import { ForkKept } from './fork_kept.ts'
import { ForcedWriteOwn } from './forced_write.ts'
import { GuardsRefine } from './guards_refine.ts'
import { FlagSound } from './flag_sound.ts'
import { FlagsAsRequested } from './flags_as_requested.ts'
import { FlagsKept } from './flags_kept.ts'
import { GuardStays } from './guard_stays.ts'
import { GuardsMerge } from './guards_merge.ts'
import { InstallEnds } from './install_ends.ts'
import { MmapLockGranted } from './mmap_lock_granted.ts'
import { NoAccess } from './no_access.ts'
import { NoDeadlock } from './no_deadlock.ts'
import { NoFreedMm } from './no_freed_mm.ts'
import { NoNilDereference } from './no_nil_dereference.ts'
import { NoUseAfterFree } from './no_use_after_free.ts'
import { NoStalePage } from './no_stale_page.ts'
import { PinReliable, PrivateCoherent, PrivateStoreKept, SharedCoherent } from './nosigbus_contents.ts'
import { FlagsWriteLocked, NoDriverFlags, NosigbusIsPrivate } from './nosigbus_flags.ts'
import { AnyFileMappable, IoErrorsReported, NoSigbusAtAll, NoSigbusBeyondEnd, OomIsOom } from './nosigbus_sigbus.ts'
import { HolePunchUnmapsZero, TruncationUnmapsZero } from './nosigbus_unmap.ts'
import { ZeroPageReadOnly, ZeroPageUncounted, ZeroPageUnwritten } from './nosigbus_zero.ts'
import { NothingBeyondEnd } from './nothing_beyond_end.ts'
import { OperationsEnd } from './operations_end.ts'
import { PinEnds } from './pin_ends.ts'
import { LongtermPinGoesSlow, PinSnapshot, SharedStaysShared } from './pin_scope.ts'
import { goesOnForEver, type Property } from './property.ts'
import { ReturnsDocumented } from './returns_documented.ts'
import { UnshareMakesExclusive } from './unshare.ts'
import { WorldLargeEnough } from './world_large_enough.ts'
import { LongtermTakesNoZero, ZeroPageUnpinned } from './zero_pinned.ts'

/** In the order of reports. */
export const PROPERTIES: readonly Property[] = [
  GuardStays,
  GuardsRefine,
  NoAccess,
  ForkKept,
  CowIsolation,
  FlagSound,
  FlagsKept,
  FlagsAsRequested,
  GuardsMerge,
  EmptyUnlink,
  FolioUnmappedOnRemoval,
  NoStalePage,
  NothingBeyondEnd,
  NosigbusIsPrivate,
  ZeroPageReadOnly,
  ZeroPageUnwritten,
  ZeroPageUncounted,
  FlagsWriteLocked,
  NoDriverFlags,
  TruncationUnmapsZero,
  HolePunchUnmapsZero,
  SharedCoherent,
  PrivateCoherent,
  PrivateStoreKept,
  PinReliable,
  CowIsolated,
  ContentsOwn,
  PinnedIsExclusive,
  ExclusiveIsAlone,
  UnshareMakesExclusive,
  LongtermTakesNoZero,
  ZeroPageUnpinned,
  FastPinFresh,
  PinSnapshot,
  LongtermPinGoesSlow,
  SharedStaysShared,
  ForcedWriteOwn,
  DiscardedIsEmpty,
  PunchedIsUnmapped,
  NoSigbusBeyondEnd,
  NoSigbusAtAll,
  IoErrorsReported,
  OomIsOom,
  AnyFileMappable,
  ReturnsDocumented,
  NoUseAfterFree,
  NoFreedMm,
  NoNilDereference,
  NoDeadlock,
  InstallEnds,
  PinEnds,
  OperationsEnd,
  MmapLockGranted,
  WorldLargeEnough,
]

export const findProperty = (name: string): Property | undefined => PROPERTIES.find((p) => p.name === name)

export interface Asking {
  /** Liveness is asked of every scenario, not only of those in which a thread goes on for ever. */
  readonly liveness?: boolean
}

/** The scenario's program with every property that has to do with it. */
export function withProperties(
  scenario: Scenario,
  properties: readonly Property[] = PROPERTIES,
  { liveness = false }: Asking = {},
): Program {
  const asksForEnds = liveness || goesOnForEver(scenario)
  return {
    ...scenario.program,
    properties: properties.flatMap((p) => {
      if (p.liveness === true && !asksForEnds) return []
      const built = p.build(scenario)
      return built === undefined ? [] : [{ name: p.name, ...built }]
    }),
  }
}
