package io.porthouse.admin.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.porthouse.admin.store.LosingStore;
import io.porthouse.admin.store.TestDatabase;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient;
import org.junit.jupiter.api.Test;

/** What a change is answered where something goes wrong behind it. */
class LiveAnswersTest {

    private static final String TOKENS = "/api/v1/tokens";

    private static JsonNode makeToken(AdminNode node) {
        node.alice().post("/api/v1/rooms", "{\"name\":\"foo\"}").is(201);
        return node.alice().post(TOKENS, "{\"name\":\"t\"}").is(201).json();
    }

    @Test
    void aChangeThatCanNotBeReadAgainIsKeptButNotConfirmed() throws Exception {
        try (AdminNode node = new AdminNode()) {
            JsonNode token = makeToken(node);
            node.connect(token.get("secret").textValue());
            node.stopReaders();
            JsonNode granted = node.alice()
                    .put(TOKENS + "/" + token.get("id").textValue() + "/rooms/alice/foo", "{\"may\":[\"read\"]}")
                    .is(200)
                    .json();
            assertThat(granted.get("changed").booleanValue()).isTrue();
            assertThat(granted.at("/nodes/0/confirmed").booleanValue()).isFalse();
            assertThat(node.alice().get(TOKENS).json().at("/items/0/grants")).hasSize(1);
        }
    }

    @Test
    void aChangeOfWhichNobodyKnowsHowItEndedReachesClientsAnyway() throws Exception {
        LosingStore losing = new LosingStore(TestDatabase.open(TestDatabase.H2.prepared()));
        try (AdminNode node = new AdminNode(losing.store, settings -> settings)) {
            JsonNode token = makeToken(node);
            String path = TOKENS + "/" + token.get("id").textValue();
            TestClient client = node.connect(token.get("secret").textValue());
            losing.loseNext();
            node.alice().put(path + "/rooms/alice/foo", "{\"may\":[\"read\"]}").is(504, "uncertain");
            assertThat(client.receive().type()).isEqualTo(FrameType.GRANTED);
            losing.loseNext();
            node.alice().delete("/api/v1/rooms/alice/foo").is(504, "uncertain");
            assertThat(client.receive().type()).isEqualTo(FrameType.WITHDRAWN);
            losing.loseNext();
            node.alice().delete(path).is(504, "uncertain");
            client.expectClose(3500);
        }
    }
}
