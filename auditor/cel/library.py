"""The names of all functions, and where each one is implemented; :mod:`auditor.cel.implementations` loads them."""

from __future__ import annotations

from typing import Final, NamedTuple


class Function(NamedTuple):
    """``fewest`` and ``most`` count arguments, the target of a member function included."""

    module: str
    attribute: str
    fewest: int
    most: int
    boolean: bool = False

    @property
    def symbol(self) -> str:
        """Its name in generated code."""
        return f"{self.module}__{self.attribute}"


MANY: Final = 255
METHOD: Final = "method"
"""Module of member functions that only objects have: found on the object when it is called."""


def _table(text: str) -> dict[str, Function]:
    """Lines of: CEL name, module.attribute, argument counts; ``?`` ends a name whose result is a boolean."""
    table: dict[str, Function] = {}
    for line in text.split("\n"):
        if line:
            name, place, counts = line.split()
            module, _, attribute = place.partition(".")
            fewest, _, most = counts.partition("-")
            upper = MANY if most == "*" else int(most or fewest)
            table[name.rstrip("?")] = Function(module, attribute, int(fewest), upper, name.endswith("?"))
    return table


GLOBALS: Final = _table("""
size operators.size 1
type conversions.type_of 1
dyn conversions.dyn 1
int conversions.as_int 1
uint conversions.as_uint 1
double conversions.as_double 1
bool? conversions.as_bool 1
string conversions.as_string 1
bytes conversions.as_bytes 1
timestamp times.timestamp 1
duration times.duration 1
matches? regexes.matches 2
optional.of optionals.of 1
optional.none optionals.none 0
optional.ofNonZeroValue optionals.of_non_zero 1
optional.unwrap optionals.unwrap 1
strings.quote strings.quote 1
lists.range lists.range_ 1
sets.contains? sets.contains 2
sets.equivalent? sets.equivalent 2
sets.intersects? sets.intersects 2
base64.encode encoders.encode 1
base64.decode encoders.decode 1
math.greatest maths.greatest 1-*
math.least maths.least 1-*
math.abs maths.absolute 1
math.sign maths.sign 1
math.ceil maths.ceil 1
math.floor maths.floor 1
math.round maths.round_ 1
math.trunc maths.trunc 1
math.sqrt maths.sqrt 1
math.isNaN? maths.is_nan 1
math.isInf? maths.is_inf 1
math.isFinite? maths.is_finite 1
math.bitOr maths.bit_or 2
math.bitAnd maths.bit_and 2
math.bitXor maths.bit_xor 2
math.bitNot maths.bit_not 1
math.bitShiftLeft maths.shift_left 2
math.bitShiftRight maths.shift_right 2
quantity quantities.quantity 1
isQuantity? quantities.is_quantity 1
ip network.ip 1
isIP? network.is_ip 1
ip.isCanonical? network.is_canonical 1
cidr network.cidr 1
isCIDR? network.is_cidr 1
url urls.url 1
isURL? urls.is_url 1
semver semvers.semver 1-2
isSemver? semvers.is_semver 1-2
""")
MEMBERS: Final = _table("""
size operators.size 1
matches? regexes.matches 2
startsWith? strings.starts_with 2
endsWith? strings.ends_with 2
contains? strings.contains 2
charAt strings.char_at 2
indexOf strings.index_of 2-3
lastIndexOf strings.last_index_of 2-3
substring strings.substring 2-3
split strings.split 2-3
join strings.join 1-2
replace strings.replace 3-4
lowerAscii strings.lower_ascii 1
upperAscii strings.upper_ascii 1
trim strings.trim 1
reverse strings.reverse 1
format formatting.format_ 2
find regexes.find 2
findAll regexes.find_all 2-3
slice lists.slice_ 3
flatten lists.flatten 1-2
distinct lists.distinct 1
sort lists.sort 1
isSorted? lists.is_sorted 1
sum lists.sum_ 1
min lists.min_ 1
max lists.max_ 1
first lists.first 1
last lists.last 1
hasValue? optionals.has_value 1
value optionals.value 1
unwrapOpt optionals.unwrap 1
or operators.or_optional 2
orValue operators.or_value 2
getFullYear method.getFullYear 1-2
getMonth method.getMonth 1-2
getDate method.getDate 1-2
getDayOfMonth method.getDayOfMonth 1-2
getDayOfWeek method.getDayOfWeek 1-2
getDayOfYear method.getDayOfYear 1-2
getHours method.getHours 1-2
getMinutes method.getMinutes 1-2
getSeconds method.getSeconds 1-2
getMilliseconds method.getMilliseconds 1-2
isInteger? method.isInteger 1
asInteger method.asInteger 1
asApproximateFloat method.asApproximateFloat 1
sign method.sign 1
add method.add 2
sub method.sub 2
compareTo method.compareTo 2
isLessThan? method.isLessThan 2
isGreaterThan? method.isGreaterThan 2
family method.family 1
isUnspecified? method.isUnspecified 1
isLoopback? method.isLoopback 1
isLinkLocalMulticast? method.isLinkLocalMulticast 1
isLinkLocalUnicast? method.isLinkLocalUnicast 1
isGlobalUnicast? method.isGlobalUnicast 1
containsIP? method.containsIP 2
containsCIDR? method.containsCIDR 2
ip method.ip 1
masked method.masked 1
prefixLength method.prefixLength 1
getScheme method.getScheme 1
getHost method.getHost 1
getHostname method.getHostname 1
getPort method.getPort 1
getEscapedPath method.getEscapedPath 1
getQuery method.getQuery 1
major method.major 1
minor method.minor 1
patch method.patch 1
""")
NAMESPACES: Final = frozenset(name.partition(".")[0] for name in GLOBALS if "." in name)
