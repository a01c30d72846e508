package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.Porthouse;
import io.porthouse.client.PorthouseException;
import java.util.ArrayList;
import java.util.List;

/** The connections of a test, which are closed with it, whatever has become of them and their router. */
final class Connections implements AutoCloseable {

    private final List<Connection> all = new ArrayList<>();

    Connection connect(ConnectOptions.Builder options) {
        Connection connection = Porthouse.connect(options.build());
        all.add(connection);
        return connection;
    }

    Connection get(int index) {
        return all.get(index);
    }

    @Override
    public void close() {
        for (Connection connection : all) {
            try {
                connection.close();
            } catch (PorthouseException ended) {
                assertThat(ended.kind()).isNotEqualTo(PorthouseException.Kind.INTERRUPTED);
            }
        }
        all.clear();
    }
}
