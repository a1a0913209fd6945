"""Functions that cel-spec has no cases for: those of Kubernetes, and regular expressions."""

from __future__ import annotations

import pytest

from auditor.cel import CelError, CelSyntaxError, compile_expr


@pytest.mark.parametrize(
    "source",
    [
        # quantities
        "quantity('1Gi').isGreaterThan(quantity('1G'))",
        "quantity('500m').isLessThan(quantity(1))",
        "quantity('1.0') == quantity('1000m') && quantity('1Gi') != quantity('1G')",
        "quantity('100m').add(quantity('200m')) == quantity('300m')",
        "quantity('50k').sub(20000) == quantity('30k')",
        "quantity('50k').add(20).sub(quantity('100k')).sign() == -1",
        "quantity('50Mi').asInteger() == 52428800",
        "quantity('2').isInteger() && !quantity('1500m').isInteger()",
        "quantity('1500m').asApproximateFloat() == 1.5",
        "quantity('200M').compareTo(quantity('0.2G')) == 0 && quantity('1').compareTo(quantity('2')) == -1",
        "isQuantity('1.3Gi') && isQuantity('1e3') && !isQuantity('1,3G') && !isQuantity('10000K')",
        "string(quantity('0.5')) == '500m' && string(quantity('2048Mi')) == '2Gi'",
        "type(quantity('1')) == kubernetes.Quantity",
        # lists
        "[1, 2, 2, 3].isSorted() && !['b', 'a'].isSorted() && [].isSorted()",
        "[1, 3].sum() == 4 && [1.5, 2.5].sum() == 4.0 && dyn([]).sum() == 0",
        "[duration('1m'), duration('1s')].sum() == duration('61s')",
        "[3, 1, 2].min() == 1 && ['a', 'c', 'b'].max() == 'c'",
        "[1, 2, 2].indexOf(2) == 1 && [1, 2, 2].lastIndexOf(2) == 2 && ['a'].indexOf('b') == -1",
        "[1, 2].first().value() == 1 && [1, 2].last().value() == 2 && ![].first().hasValue()",
        "[{'n': 'b', 'w': 2}, {'n': 'a', 'w': 1}].sortBy(e, e.w).map(e, e.n) == ['a', 'b']",
        # regular expressions
        "'abc 123'.find('[0-9]+') == '123' && 'abc'.find('[0-9]+') == ''",
        "'1 a 22 b 333'.findAll('[0-9]+') == ['1', '22', '333'] && '1 2 3'.findAll('[0-9]', 2) == ['1', '2']",
        "'Ab'.matches('(?i)^AB$') && 'a\\nb'.matches('(?m)^b$') && !'a\\n'.matches('a$')",
        "'a-1'.matches('^[[:alpha:]]-\\\\d$') && '٣'.matches('^\\\\d$') == false",
        "'a.b'.matches('^\\\\Qa.b\\\\E$') && !'axb'.matches('^\\\\Qa.b\\\\E$')",
        "'{'.matches('^{$') && 'aaa'.matches('^a{2,3}$') && 'x{,2}'.matches('^x{,2}$')",
        "'\\u000b'.matches('\\\\s') == false && ']'.matches('^[]]$')",
        # network
        "cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsIP(ip('11.0.0.0'))",
        "isCIDR('10.0.0.0/8') && !isCIDR('10.0.0.0/33') && !isCIDR('10.0.0.0')",
        "isIP('::1') && !isIP('1.2.3')",
        "cidr('0.0.0.0/0').prefixLength() == 0 && cidr('2001:db8::/32').ip().family() == 6",
        # urls
        "url('https://user@example.com:8443/a').getHost() == 'example.com:8443'",
        "url('https://[::1]:80/').getHostname() == '::1' && url('https://[::1]:80/').getPort() == '80'",
        "url('https://a.b/p?x=1&x=2').getQuery() == {'x': ['1', '2']} && url('/p').getScheme() == ''",
        "isURL('https://a.b/c') && isURL('/a/b') && !isURL('a.b') && !isURL('https://a:x/') && !isURL('')",
        # versions
        "semver('1.2.3').isLessThan(semver('1.10.0')) && semver('1.0.0-rc.1').isLessThan(semver('1.0.0'))",
        "semver('1.0.0-alpha.2').isLessThan(semver('1.0.0-alpha.10'))",
        "semver('1.2.3+a') == semver('1.2.3+b') && semver('v1.2', true).minor() == 2",
        "isSemver('1.2.3') && !isSemver('v1.2') && isSemver('v1.2', true)",
        # strings
        "strings.quote('a\"b\\n') == '\"a\\\\\"b\\\\n\"' && 'abc'.reverse() == 'cba'",
        "'%s has %d of %.1f'.format(['x', 2, 2.55]) in ['x has 2 of 2.5', 'x has 2 of 2.6']",
        # times
        "timestamp('2026-01-31T00:00:00+01:00') == timestamp('2026-01-30T23:00:00Z')",
        "timestamp('2026-07-01T12:00:00Z').getHours('Europe/Paris') == 14",
        "duration('1h30m').getMinutes() == 90 && duration('-1.5s') < duration('0')",
        "duration('1ms') == duration('1000us')",
    ],
)
def test_functions(source: str) -> None:
    assert compile_expr(source)({}) is True


@pytest.mark.parametrize(
    "source",
    [
        *("quantity('')", "quantity('1 Gi')", "quantity('1.5').asInteger()", "quantity('20E').asInteger()"),
        *("[].min()", "[].max()", "['a', 'b'].sum()", "[1, 'a'].sort()", "[null].min()", "['a'].join(1)"),
        *(
            "ip('256.0.0.1')",
            "cidr('10.0.0.0/33')",
            "cidr('1.2.3.4/08')",
            "url('not a url')",
            "semver('1.2')",
        ),
        *(
            "'a'.find(dyn('['))",
            "'a'.matches(1)",
            "duration('1y')",
            "timestamp('2026-02-30T00:00:00Z')",
            "timestamp('x')",
        ),
        *("timestamp('2026-07-01T12:00:00Z').getHours('Mars/Base')", "'a'.family()", "lists.range(1000001)"),
        *("{'a': 1, 'a': 2}", "{1: 1, 1u: 2}", "{1.5: 1}", "{null: 1}", "9223372036854775807 + 1", "1u - 2u"),
        *(
            "-(-9223372036854775808)",
            "int('9223372036854775808')",
            "int(1e30)",
            "uint(-1)",
            "'a' * 2",
            "5 % 0",
        ),
        *(
            "base64.decode('*')",
            "'%d'.format(['a'])",
            "'%s'.format([])",
            "'%y'.format([1])",
            "string(b'\\xff')",
        ),
        *("int('1' + '0' + '٣')", "double('1_0')", "int(' 1')", "'a'.substring(3)", "'abc'.charAt(-1)"),
    ],
)
def test_bad_arguments_are_errors_with_a_place(source: str) -> None:
    with pytest.raises(CelError) as caught:
        compile_expr("dyn(" + source + ")")({})
    assert caught.value.line == 1
    assert caught.value.column >= 1
    assert "Error:" not in caught.value.message


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "(?=a)",
            "(?!a)",
            "(?<=a)",
            "(?<!a)",
            r"(a)\\1",
            "(?P<n>a)(?P=n)",
            "a**",
            "a*+",
            "(?>a)",
            "[a",
            "(a",
            "a)",
        ),
        *("*a", "a{2000}", "(?x)a", r"\\Z", r"\\pL", "[b-a]", "(?#c)", r"\\"),
    ],
)
def test_what_re2_lacks_is_refused_when_compiling(pattern: str) -> None:
    with pytest.raises(CelSyntaxError, match="regular expression"):
        compile_expr(f"'a'.matches('{pattern}')")
