package io.porthouse.admin.store;

import io.porthouse.admin.store.StoreUnavailableException.Reason;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicBoolean;

/** A real store whose database goes away while it answers a commit: what was asked for is done, but nobody knows. */
public final class LosingStore {

    /** The store to be used. */
    public final Store store;

    private final AtomicBoolean loses = new AtomicBoolean();

    public LosingStore(Store real) {
        this.store = (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {Store.class}, (proxy, method, arguments) -> {
                    try {
                        Object result = method.invoke(real, arguments);
                        if (result instanceof Outcome<?> && loses.getAndSet(false)) {
                            throw new StoreUnavailableException(Reason.UNCERTAIN, "lost on purpose", null);
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** Loses the answer to the next change. */
    public void loseNext() {
        loses.set(true);
    }
}
