package dev.slipway.zap;

import java.io.IOException;
import org.parosproxy.paros.core.scanner.AbstractAppParamPlugin;
import org.parosproxy.paros.core.scanner.Alert;
import org.parosproxy.paros.core.scanner.Category;
import org.parosproxy.paros.network.HttpMessage;

/** Finds parameters that come back in a page as they were sent: the plainest case of the official rule 40012. */
public class ReflectedInput extends AbstractAppParamPlugin {
    private static final String ATTACK = "slipway<u>9</u>";

    @Override
    public void scan(HttpMessage message, String name, String value) {
        HttpMessage attempt = getNewMsg();
        setParameter(attempt, name, ATTACK);
        try {
            sendAndReceive(attempt);
        } catch (IOException e) {
            return;
        }
        if (attempt.getResponseHeader().isHtml() && attempt.getResponseBody().toString().contains(ATTACK))
            newAlert()
                    .setConfidence(Alert.CONFIDENCE_MEDIUM)
                    .setParam(name)
                    .setAttack(ATTACK)
                    .setEvidence(ATTACK)
                    .setMessage(attempt)
                    .raise();
    }

    @Override
    public int getId() {
        return 40012;
    }

    @Override
    public String getName() {
        return "Cross Site Scripting (Reflected)";
    }

    @Override
    public String getDescription() {
        return "A parameter comes back in the page, markup and all. Found by the offline image's own rule.";
    }

    @Override
    public String getSolution() {
        return "Escape what comes from outside.";
    }

    @Override
    public String getReference() {
        return "https://www.zaproxy.org/docs/alerts/40012/";
    }

    @Override
    public int getCategory() {
        return Category.INJECTION;
    }

    @Override
    public int getRisk() {
        return Alert.RISK_HIGH;
    }

    @Override
    public int getCweId() {
        return 79;
    }

    @Override
    public int getWascId() {
        return 8;
    }
}
