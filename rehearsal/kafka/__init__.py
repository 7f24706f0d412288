"""A real Kafka broker on loopback, made what Strimzi's custom resources say.

`resources` reads them (pure), `broker` runs the process, `admin` brings topics, ACLs and quotas about.
"""
