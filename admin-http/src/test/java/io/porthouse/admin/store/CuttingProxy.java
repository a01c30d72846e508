package io.porthouse.admin.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stands between a store and its PostgreSQL server, and breaks at the moment that a test wants. */
final class CuttingProxy implements AutoCloseable {

    /** What happens to the connection on which the next COMMIT is sent. */
    enum Fault {
        NONE,
        /** The server never gets it: the connection ends before. */
        CUT_BEFORE_COMMIT,
        /** The server gets it, and its answer is lost. */
        CUT_AFTER_COMMIT,
        /** Nothing passes any more, on any connection, and none ends. */
        SILENCE
    }

    private static final Logger LOG = LoggerFactory.getLogger(CuttingProxy.class);
    private static final int BUFFER_BYTES = 64 << 10;

    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final int target;
    private volatile Fault fault = Fault.NONE;
    private volatile boolean refuses;
    private final Set<Socket> upstreams = ConcurrentHashMap.newKeySet();

    CuttingProxy(int target) throws IOException {
        this.target = target;
        threads.execute(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    /** Has the next COMMIT fail, once; silence lasts until another fault is set. */
    void next(Fault next) {
        fault = next;
    }

    /** Has new connections end at once, or lets them through. */
    void refuse(boolean isRefusing) {
        refuses = isRefusing;
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                if (refuses) {
                    client.close();
                    continue;
                }
                Socket upstream = new Socket(InetAddress.getLoopbackAddress(), target);
                upstreams.add(upstream);
                threads.execute(() -> pump(client, upstream, true));
                threads.execute(() -> pump(upstream, client, false));
            } catch (IOException | RejectedExecutionException e) {
                LOG.debug("a connection less", e);
            }
        }
    }

    /** Who refuses new connections leaves no way over one that the pool was just making. */
    private void cutOthersIfRefusing(Socket upstream) throws IOException {
        if (refuses) {
            for (Socket other : upstreams) {
                if (!other.equals(upstream)) {
                    other.close();
                }
            }
        }
    }

    private void pump(Socket from, Socket to, boolean isToServer) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                boolean isCommit =
                        isToServer && new String(buffer, 0, read, StandardCharsets.ISO_8859_1).contains("COMMIT");
                switch (isCommit || fault == Fault.SILENCE ? fault : Fault.NONE) {
                    case NONE -> out.write(buffer, 0, read);
                    case SILENCE -> LOG.debug("{} bytes are not passed on", read);
                    case CUT_BEFORE_COMMIT -> {
                        fault = Fault.NONE;
                        return;
                    }
                    case CUT_AFTER_COMMIT -> {
                        fault = Fault.NONE;
                        cutOthersIfRefusing(to);
                        // Before the server can answer, or the answer would now and then still get through.
                        from.close();
                        out.write(buffer, 0, read);
                        return;
                    }
                }
            }
        } catch (IOException e) {
            LOG.debug("a connection less", e);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        threads.shutdownNow();
    }
}
