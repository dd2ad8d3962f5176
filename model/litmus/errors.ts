/**
 * What `mmcheck explain CODE` prints. The text of a message stands where it is reported; here stands
 * why the rule exists and what is usually meant.
 */

export type LitmusCode =
  | 'MM001'
  | 'MM002'
  | 'MM003'
  | 'MM004'
  | 'MM005'
  | 'MM006'
  | 'MM007'
  | 'MM008'
  | 'MM010'
  | 'MM011'
  | 'MM012'
  | 'MM013'
  | 'MM014'
  | 'MM020'
  | 'MM021'
  | 'MM022'
  | 'MM023'
  | 'MM024'
  | 'MM025'
  | 'MM026'
  | 'MM030'
  | 'MM031'
  | 'MM032'
  | 'MM033'
  | 'MM040'
  | 'MM041'
  | 'MM042'
  | 'MM043'
  | 'MM050'
  | 'MM051'
  | 'MM052'
  | 'MM053'

/** One paragraph for each error of the litmus format. */
export const LITMUS_ERRORS: Readonly<Record<LitmusCode, string>> = {
  MM001:
    'The file holds no test: it is empty, or has nothing but blanks and comments. A litmus file has a name, ' +
    "at least one 'kernel' line, an initial state in braces, threads, and at most one final condition.",
  MM002:
    "A litmus file starts with the line 'MM NAME'. 'MM' says which language follows, as 'C' and 'AArch64' do in " +
    'files for herd7; those are programs on shared variables, which mmcheck does not read.',
  MM003:
    "The name of a test is one word on the line of 'MM': a letter or digit, then letters, digits, '_', '+', '.' " +
    "and '-'. It becomes a test name in KTAP and JUnit output, so '#' and blanks are left out.",
  MM004:
    'Every test states the kernels it is about, so that the same race can be shown failing before a patch and ' +
    "holding after it. There is no default: it would change under old files. Write 'kernel v6.13', or several " +
    'kernels on one line or on several.',
  MM005:
    "A kernel line is 'kernel NAME, NAME, ...', and may go on with 'without LABEL, LABEL, ...' to leave out the " +
    "steps with these labels. Names are separated by commas; 'kernel' and 'without' are not names.",
  MM006:
    'The initial state stands in braces between the kernel lines and the first thread: files, mappings, and what ' +
    "is filled in. It must be there even where it is empty, '{ }', so that a forgotten one is noticed.",
  MM007: "A test has at least one thread, 'P0 { ... }'. A thread may be empty.",
  MM008:
    'Something stands where only threads and the final condition can: after the initial state a test has ' +
    "threads 'P0 { ... }', then at most one 'exists', '~exists' or 'forall', then nothing.",
  MM010:
    'The character has no meaning in a litmus file. Common causes are text pasted from a word processor or a ' +
    "web page (curly quotes, no-break spaces) and the '>' of a quoted mail.",
  MM011:
    'This operator is from another language. Conditions are written as herd7 has them: /\\ for and, \\/ for or, ' +
    "~ for not, = and != to compare. Registers are set with =, and ranges of pages are written 'i..j'.",
  MM012: 'Numbers are decimal, without leading zeros, prefixes or suffixes. A name cannot start with a digit.',
  MM013:
    'Numbers in a litmus file run from 0 to 65535. A model with more pages than that could not be explored, so ' +
    'a larger number is a slip of the keyboard.',
  MM014:
    "A comment runs from '(*' to '*)' and may hold others, so each '(*' needs a '*)' of its own. The place " +
    "shown is where the outermost open comment starts. A comment to the end of the line starts with '//'.",
  MM020:
    'The text does not follow the grammar at this place. The message says what could stand there and what was ' +
    'found.',
  MM021: "Each declaration and each statement ends with ';', also the last one before '}'.",
  MM022:
    "The block opened by this '{' has no '}': the file ends, or the next thread or the final condition begins " +
    'while the block is open.',
  MM023: "This '(' has no ')' before the statement or the file ends.",
  MM024:
    'Parentheses and negations of a condition nest at most 64 deep. The limit keeps a hostile file from using up ' +
    'the stack; conditions that people write nest three or four deep.',
  MM025:
    "Pages are given as '[i]' or '[i..j]', both ends included, counted from 0. Some places take less: a file is " +
    "declared with its number of pages, 'f[2]', and a condition looks at one page.",
  MM026: "The last page of a range 'i..j' lies before the first. Both ends are included, so one page is '[i..i]'.",
  MM030:
    "The initial state knows 'shmem', 'file', 'map', 'mm' and 'fill'. Any other word is taken as a setting, which " +
    "stands alone, 'oom;', or with one number, 'ptes 2;'. What follows this word makes it neither.",
  MM031:
    'Files, mappings and mms share one set of names, so that a name in an operation means one thing. A setting ' +
    'is given at most once.',
  MM032:
    "A mapping says how it is shared and what it permits: 'map a = f[0..1] shared rw;'. First 'shared' or " +
    "'private', then 'rw', 'r', 'w' or 'none'. A fill is 'read' or 'write', or says neither.",
  MM033: "'anon' names anonymous memory in 'map a = anon[0..1] private rw;', so nothing else can have that name.",
  MM040:
    'Threads are numbered P0, P1, P2, ... in the order in which they stand. Conditions and traces name threads ' +
    'by these numbers, and a gap is usually a thread that was forgotten.',
  MM041: 'Each thread has one block. Join the statements of the two, or give the second its own number.',
  MM042:
    'A register is set at most once in a thread: the final condition looks at its value at the end, and an ' +
    'overwritten result could not be seen by anything.',
  MM043:
    "A statement is an operation with its arguments, and may keep the result in a register: 'write(a);' or " +
    "'r0 = read(a[0]);'. There are no expressions, loops or branches; a choice between two orders of events is " +
    "made by the checker. 'exists' and 'forall' are not operations.",
  MM050:
    "A condition is made of 'P0:r0 = VALUE' and 'NAME[i] = VALUE', or != in place of =, joined by /\\ and \\/, " +
    'negated by ~, grouped by parentheses. ~ binds tightest, \\/ loosest. The whole stands in parentheses.',
  MM051:
    'A register or a page is compared with a number (-1), a name (SEGV, guard) or an error number (-EAGAIN), not ' +
    'with another register.',
  MM052:
    'A test has at most one final condition. Join two with /\\ or \\/, or write two files: the summary of the ' +
    'states reached would otherwise be about two questions.',
  MM053: 'The final condition is the last thing in the file; all threads stand before it.',
}
