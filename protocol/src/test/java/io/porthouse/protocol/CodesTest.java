package io.porthouse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CodesTest {

    @Test
    void closeCodes() {
        assertThat(Arrays.stream(CloseCode.values()).map(code -> code.number() + " " + code.text()))
                .containsExactly(
                        "1000 done",
                        "3000 going-away",
                        "3001 slow-receiver",
                        "3002 timeout",
                        "3003 overloaded",
                        "3004 fenced",
                        "3005 account-suspended",
                        "3500 token-revoked",
                        "3501 token-unknown",
                        "3502 token-expired",
                        "3503 too-many-connections",
                        "3504 protocol-error",
                        "3505 frame-too-large",
                        "3506 version-unsupported",
                        "3507 disconnected-by-operator");
    }

    @ParameterizedTest
    @EnumSource(CloseCode.class)
    void rangeOfACloseCodeSaysWhetherToComeBack(CloseCode code) {
        assertThat(CloseCode.mayReconnect(code.number())).isEqualTo(code.again() != CloseCode.Again.NO);
        assertThat(CloseCode.of(code.number())).contains(code);
    }

    @ParameterizedTest
    @ValueSource(ints = {3006, 3100, 3499})
    void unknownCodesBelow3500AreToBeTriedAgain(int number) {
        assertThat(CloseCode.of(number)).isEmpty();
        assertThat(CloseCode.mayReconnect(number)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 1001, 2999, 3508, 3999, 4000})
    void otherUnknownCodesAreNot(int number) {
        assertThat(CloseCode.of(number)).isEmpty();
        assertThat(CloseCode.mayReconnect(number)).isFalse();
    }

    @Test
    void errorCodes() {
        assertThat(Arrays.stream(ErrorCode.values()).collect(Collectors.toMap(ErrorCode::number, code -> code)))
                .hasSize(13)
                .allSatisfy((number, code) -> {
                    assertThat(number).isBetween(100, 112);
                    assertThat(ErrorCode.of(number)).contains(code);
                    assertThat(code.text()).isNotBlank();
                });
        assertThat(ErrorCode.of(99)).isEmpty();
        assertThat(ErrorCode.of(113)).isEmpty();
    }
}
