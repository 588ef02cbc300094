/**
 * The fields of Istio's objects, by group and kind: what is in a spec, as istio.io/api@v1.31.1 defines it. Written by
 * `node --import tsx test/unit/policies/fields/write.ts`.
 */
export const istioFields: Readonly<Record<string, string>> = {
  "extensions.istio.io/TrafficExtension": `
lua{inlineCode} match{mode ports{number}} phase priority selector{matchLabels*} targetRefs{group kind name
namespace} wasm{failStrategy imagePullPolicy imagePullSecret pluginConfig* pluginName sha256 type url
verificationKey vmConfig{env{name value valueFrom}}}`,
  "extensions.istio.io/WasmPlugin": `
failStrategy imagePullPolicy imagePullSecret match{mode ports{number}} phase pluginConfig* pluginName priority
selector{matchLabels*} sha256 targetRef{group kind name namespace} targetRefs{group kind name namespace} type
url verificationKey vmConfig{env{name value valueFrom}}`,
  "networking.istio.io/DestinationRule": `
exportTo host subsets{labels* name trafficPolicy{connectionPool{http{h2UpgradePolicy http1MaxPendingRequests
http2KeepAlive{interval timeout} http2MaxRequests idleTimeout maxConcurrentStreams maxRequestsPerConnection
maxRetries useClientProtocol} tcp{connectTimeout idleTimeout maxConnectionDuration maxConnections
tcpKeepalive{interval probes time}}} loadBalancer{consistentHash{httpCookie{attributes{name value} name path
ttl} httpHeaderName httpQueryParameterName maglev{tableSize} minimumRingSize ringHash{minimumRingSize}
useSourceIp} localityLbSetting{distribute{from to*} enabled failover{from to} failoverPriority} simple
warmup{aggression duration minimumPercent} warmupDurationSecs zoneAwareLbSetting{enabled failover{from to}
failoverPriority minClusterSize}} outlierDetection{baseEjectionTime consecutive5xxErrors consecutiveErrors
consecutiveGatewayErrors consecutiveLocalOriginFailures interval maxEjectionPercent minHealthPercent
outlierDetectionHttpErrorCodes splitExternalLocalOriginErrors}
portLevelSettings{connectionPool{http{h2UpgradePolicy http1MaxPendingRequests http2KeepAlive{interval timeout}
http2MaxRequests idleTimeout maxConcurrentStreams maxRequestsPerConnection maxRetries useClientProtocol}
tcp{connectTimeout idleTimeout maxConnectionDuration maxConnections tcpKeepalive{interval probes time}}}
loadBalancer{consistentHash{httpCookie{attributes{name value} name path ttl} httpHeaderName
httpQueryParameterName maglev{tableSize} minimumRingSize ringHash{minimumRingSize} useSourceIp}
localityLbSetting{distribute{from to*} enabled failover{from to} failoverPriority} simple warmup{aggression
duration minimumPercent} warmupDurationSecs zoneAwareLbSetting{enabled failover{from to} failoverPriority
minClusterSize}} outlierDetection{baseEjectionTime consecutive5xxErrors consecutiveErrors
consecutiveGatewayErrors consecutiveLocalOriginFailures interval maxEjectionPercent minHealthPercent
outlierDetectionHttpErrorCodes splitExternalLocalOriginErrors} port{number} tls{caCertificates caCrl
clientCertificate credentialName insecureSkipVerify mode privateKey sni subjectAltNames}}
proxyProtocol{version} retryBudget{budgetInterval minRetryConcurrency percent} tls{caCertificates caCrl
clientCertificate credentialName insecureSkipVerify mode privateKey sni subjectAltNames} tunnel{protocol
targetHost targetPort}}} trafficPolicy{connectionPool{http{h2UpgradePolicy http1MaxPendingRequests
http2KeepAlive{interval timeout} http2MaxRequests idleTimeout maxConcurrentStreams maxRequestsPerConnection
maxRetries useClientProtocol} tcp{connectTimeout idleTimeout maxConnectionDuration maxConnections
tcpKeepalive{interval probes time}}} loadBalancer{consistentHash{httpCookie{attributes{name value} name path
ttl} httpHeaderName httpQueryParameterName maglev{tableSize} minimumRingSize ringHash{minimumRingSize}
useSourceIp} localityLbSetting{distribute{from to*} enabled failover{from to} failoverPriority} simple
warmup{aggression duration minimumPercent} warmupDurationSecs zoneAwareLbSetting{enabled failover{from to}
failoverPriority minClusterSize}} outlierDetection{baseEjectionTime consecutive5xxErrors consecutiveErrors
consecutiveGatewayErrors consecutiveLocalOriginFailures interval maxEjectionPercent minHealthPercent
outlierDetectionHttpErrorCodes splitExternalLocalOriginErrors}
portLevelSettings{connectionPool{http{h2UpgradePolicy http1MaxPendingRequests http2KeepAlive{interval timeout}
http2MaxRequests idleTimeout maxConcurrentStreams maxRequestsPerConnection maxRetries useClientProtocol}
tcp{connectTimeout idleTimeout maxConnectionDuration maxConnections tcpKeepalive{interval probes time}}}
loadBalancer{consistentHash{httpCookie{attributes{name value} name path ttl} httpHeaderName
httpQueryParameterName maglev{tableSize} minimumRingSize ringHash{minimumRingSize} useSourceIp}
localityLbSetting{distribute{from to*} enabled failover{from to} failoverPriority} simple warmup{aggression
duration minimumPercent} warmupDurationSecs zoneAwareLbSetting{enabled failover{from to} failoverPriority
minClusterSize}} outlierDetection{baseEjectionTime consecutive5xxErrors consecutiveErrors
consecutiveGatewayErrors consecutiveLocalOriginFailures interval maxEjectionPercent minHealthPercent
outlierDetectionHttpErrorCodes splitExternalLocalOriginErrors} port{number} tls{caCertificates caCrl
clientCertificate credentialName insecureSkipVerify mode privateKey sni subjectAltNames}}
proxyProtocol{version} retryBudget{budgetInterval minRetryConcurrency percent} tls{caCertificates caCrl
clientCertificate credentialName insecureSkipVerify mode privateKey sni subjectAltNames} tunnel{protocol
targetHost targetPort}} workloadSelector{matchLabels*}`,
  "networking.istio.io/EnvoyFilter": `
configPatches{applyTo match{cluster{name portNumber service subset} context
listener{filterChain{applicationProtocols destinationPort filter{name subFilter{name}} name sni
transportProtocol} listenerFilter name portName portNumber} proxy{metadata* proxyVersion}
routeConfiguration{gateway name portName portNumber vhost{domainName name route{action name}}}
waypoint{filter{name subFilter{name}} portNumber route{name}}} patch{filterClass operation value*}} priority
targetRefs{group kind name namespace} workloadSelector{labels*}`,
  "networking.istio.io/Gateway": `
selector* servers{bind defaultEndpoint hosts name port{name number protocol targetPort}
tls{caCertCredentialName caCertificates caCrl cipherSuites credentialName credentialNames httpsRedirect
insecureSkipVerify maxProtocolVersion minProtocolVersion mode privateKey serverCertificate subjectAltNames
tlsCertificates{caCertificates privateKey serverCertificate} verifyCertificateHash verifyCertificateSpki}}`,
  "networking.istio.io/ProxyConfig": `
concurrency environmentVariables* image{imageType} selector{matchLabels*}`,
  "networking.istio.io/ServiceEntry": `
addresses endpoints{address labels* locality network ports* serviceAccount weight} exportTo hosts location
ports{name number protocol targetPort} resolution subjectAltNames workloadSelector{labels*}`,
  "networking.istio.io/Sidecar": `
egress{bind captureMode hosts port{name number protocol targetPort}} inboundConnectionPool{http{h2UpgradePolicy
http1MaxPendingRequests http2KeepAlive{interval timeout} http2MaxRequests idleTimeout maxConcurrentStreams
maxRequestsPerConnection maxRetries useClientProtocol} tcp{connectTimeout idleTimeout maxConnectionDuration
maxConnections tcpKeepalive{interval probes time}}} ingress{bind captureMode
connectionPool{http{h2UpgradePolicy http1MaxPendingRequests http2KeepAlive{interval timeout} http2MaxRequests
idleTimeout maxConcurrentStreams maxRequestsPerConnection maxRetries useClientProtocol} tcp{connectTimeout
idleTimeout maxConnectionDuration maxConnections tcpKeepalive{interval probes time}}} defaultEndpoint port{name
number protocol targetPort} tls{caCertCredentialName caCertificates caCrl cipherSuites credentialName
credentialNames httpsRedirect insecureSkipVerify maxProtocolVersion minProtocolVersion mode privateKey
serverCertificate subjectAltNames tlsCertificates{caCertificates privateKey serverCertificate}
verifyCertificateHash verifyCertificateSpki}} outboundTrafficPolicy{egressProxy{host port{number} subset} mode}
workloadSelector{labels*}`,
  "networking.istio.io/VirtualService": `
exportTo gateways hosts http{corsPolicy{allowCredentials allowHeaders allowMethods allowOrigin
allowOrigins{exact prefix regex} exposeHeaders maxAge unmatchedPreflights} delegate{name namespace}
directResponse{body{bytes string} status} fault{abort{grpcStatus http2Error httpStatus percentage{value}}
delay{exponentialDelay fixedDelay percent percentage{value}}} headers{request{add* remove set*} response{add*
remove set*}} match{authority{exact prefix regex} gateways headers{*{exact prefix regex}} ignoreUriCase
method{exact prefix regex} name port queryParams{*{exact prefix regex}} scheme{exact prefix regex}
sourceLabels* sourceNamespace statPrefix uri{exact prefix regex} withoutHeaders{*{exact prefix regex}}}
mirror{host port{number} subset} mirrorPercent mirrorPercentage{value} mirror_percent mirrors{destination{host
port{number} subset} percentage{value}} name redirect{authority derivePort port prefixRewrite redirectCode
scheme uri} retries{attempts backoff perTryTimeout retryIgnorePreviousHosts retryOn retryRemoteLocalities}
rewrite{authority uri uriRegexRewrite{match rewrite}} route{destination{host port{number} subset}
headers{request{add* remove set*} response{add* remove set*}} weight} timeout} tcp{match{destinationSubnets
gateways port sourceLabels* sourceNamespace sourceSubnet} route{destination{host port{number} subset} weight}}
tls{match{destinationSubnets gateways port sniHosts sourceLabels* sourceNamespace} route{destination{host
port{number} subset} weight}}`,
  "networking.istio.io/WorkloadEntry": `
address labels* locality network ports* serviceAccount weight`,
  "networking.istio.io/WorkloadGroup": `
metadata{annotations* labels*} probe{exec{command} failureThreshold grpc{port service} httpGet{host
httpHeaders{name value} path port scheme} initialDelaySeconds periodSeconds successThreshold tcpSocket{host
port} timeoutSeconds} template{address labels* locality network ports* serviceAccount weight}`,
  "security.istio.io/AuthorizationPolicy": `
action provider{name} rules{from{source{ipBlocks namespaces notIpBlocks notNamespaces notPrincipals
notRemoteIpBlocks notRequestPrincipals notServiceAccounts notTrustDomains principals remoteIpBlocks
requestPrincipals serviceAccounts trustDomains}} to{operation{hosts methods notHosts notMethods notPaths
notPorts paths ports}} when{key notValues values}} selector{matchLabels*} targetRef{group kind name namespace}
targetRefs{group kind name namespace}`,
  "security.istio.io/PeerAuthentication": `
mtls{mode} portLevelMtls{*{mode}} selector{matchLabels*}`,
  "security.istio.io/RequestAuthentication": `
jwtRules{audiences forwardOriginalToken fromCookies fromHeaders{name prefix} fromParams issuer jwks jwksUri
jwks_uri outputClaimToHeaders{claim header} outputPayloadToHeader spaceDelimitedClaims timeout}
selector{matchLabels*} targetRef{group kind name namespace} targetRefs{group kind name namespace}`,
  "telemetry.istio.io/Telemetry": `
accessLogging{disabled filter{expression} match{mode} providers{name}} metrics{overrides{disabled
match{customMetric metric mode} tagOverrides{*{operation value}}} providers{name} reportingInterval}
selector{matchLabels*} targetRef{group kind name namespace} targetRefs{group kind name namespace}
tracing{customTags{*{environment{defaultValue name} formatter{value} header{defaultValue name} literal{value}}}
disableContextPropagation disableSpanReporting enableIstioTags match{mode} providers{name}
randomSamplingPercentage useRequestIdForTraceSampling}`,
};
