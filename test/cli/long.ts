/** A scenario of more states than any test waits for. */
export const LONG: string = `MM long
kernel v7.0
{ shmem f[4]; map a = f[0..3] shared rw; fill a[1]; ptes 2; }
P0 { r0 = guard_install(a[0..1]); r1 = read(a[0]); r2 = write(a[3]); }
P1 { collapse(f); }
P2 { r0 = guard_install(a[2]); r1 = read(a[3]); r2 = guard_remove(a[2]); }
P3 { r0 = write(a[1]); r1 = guard_install(a[1]); }
`
