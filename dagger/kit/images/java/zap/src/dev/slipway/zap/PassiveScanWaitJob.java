package dev.slipway.zap;

import java.util.List;
import org.parosproxy.paros.control.Control;
import org.parosproxy.paros.core.scanner.Alert;
import org.parosproxy.paros.model.HistoryReference;
import org.parosproxy.paros.model.Model;
import org.parosproxy.paros.network.HttpMessage;
import org.zaproxy.addon.automation.AutomationEnvironment;
import org.zaproxy.addon.automation.AutomationProgress;
import org.zaproxy.zap.extension.alert.ExtensionAlert;

/** Looks at every message that was exchanged so far, where the official add-on looks while they are exchanged. */
public class PassiveScanWaitJob extends OfflineJob {
    public PassiveScanWaitJob() {
        super("passiveScan-wait", Order.AFTER_EXPLORE);
    }

    @Override
    public void runJob(AutomationEnvironment environment, AutomationProgress progress) {
        ExtensionAlert alerts = Control.getSingleton().getExtensionLoader().getExtension(ExtensionAlert.class);
        try {
            Model model = Model.getSingleton();
            List<Integer> ids =
                    model.getDb()
                            .getTableHistory()
                            .getHistoryIdsOfHistType(
                                    model.getSession().getSessionId(),
                                    HistoryReference.TYPE_PROXIED,
                                    HistoryReference.TYPE_SPIDER,
                                    HistoryReference.TYPE_ZAP_USER);
            for (int id : ids) {
                HistoryReference reference = new HistoryReference(id);
                HttpMessage message = reference.getHttpMessage();
                if (!environment.getDefaultContext().isInContext(message.getRequestHeader().getURI().toString()))
                    continue;
                for (Alert alert : PassiveRules.look(message)) {
                    alert.setSource(Alert.Source.PASSIVE);
                    alert.setMessage(message);
                    alert.setUri(message.getRequestHeader().getURI().toString());
                    alerts.alertFound(alert, reference);
                }
            }
        } catch (Exception e) {
            progress.error("Job " + getName() + " failed: " + e);
        }
    }
}
