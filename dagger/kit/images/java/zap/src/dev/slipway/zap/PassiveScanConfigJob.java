package dev.slipway.zap;

import org.zaproxy.addon.automation.AutomationEnvironment;
import org.zaproxy.addon.automation.AutomationProgress;

/** There is nothing to configure: every rule looks at everything. */
public class PassiveScanConfigJob extends OfflineJob {
    public PassiveScanConfigJob() {
        super("passiveScan-config", Order.CONFIGS);
    }

    @Override
    public void runJob(AutomationEnvironment environment, AutomationProgress progress) {}
}
