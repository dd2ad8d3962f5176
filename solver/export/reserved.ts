/** Words that no name of an exported model may be. */

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

/** Of C, and of the C preprocessor of Linux, through which both SPIN and its verifier pass their text. */
const C_WORDS = words(`
  auto break case char const continue default do double else enum extern float for goto if inline int long
  register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
  asm typeof linux unix i386 main printf assert exit abort errno stdin stdout stderr NULL`)

/** Keywords of Promela, and names that SPIN's verifier defines for itself. */
export const PROMELA_WORDS: ReadonlySet<string> = new Set([
  ...C_WORDS,
  ...words(`
    active assert atomic bit bool byte c_code c_decl c_expr c_state c_track chan d_step D_proctype do empty enabled
    end eval false fi full get_p get_priority hidden if init int len local ltl mtype nempty never nfull notrace
    np_ od of pc_value pid pr printf printm priority proctype provided run set_priority set_p select short show
    skip timeout trace true typedef unless unsigned xr xs always eventually until weakuntil stronguntil implies
    equivalent release next now uchar uint ulong ushort trpt trail boq stop errors depth depthfound mreached
    state_tables reached hash this that start_event a_t t i j k l idle P Q M T II X U V W Z`),
])

/** Keywords of TLA+, and what its standard modules Integers and TLC define. */
export const TLA_WORDS: ReadonlySet<string> = new Set(
  words(`
    ASSUME ASSUMPTION AXIOM BOOLEAN BY CASE CHOOSE CONSTANT CONSTANTS COROLLARY DEF DEFINE DEFS DOMAIN ELSE ENABLED
    EXCEPT EXTENDS FALSE HAVE HIDE IF IN INSTANCE LAMBDA LEMMA LET LOCAL MODULE NEW OBVIOUS OMITTED ONLY OTHER
    PICK PROOF PROPOSITION PROVE QED RECURSIVE SF STATE STRING SUBSET SUFFICES TAKE TEMPORAL THEN THEOREM TRUE
    UNCHANGED UNION USE VARIABLE VARIABLES WF WF_ SF_ WITH WITNESS ACTION
    Nat Int Real Seq Integers Naturals TLC Assert Print PrintT JavaTime Permutations SortSeq Any ToString TLCGet
    TLCSet TLCEval TLCExt RandomElement BitAnd BitOr BitAndNot AsInt
    vars nothing Init Next Spec TypeOK Final Finished a b i j k l`),
)
