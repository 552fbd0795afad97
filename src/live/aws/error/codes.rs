//! The wire codes of AWS errors by what they mean, in the spelling of the query protocols and in that of JSON: the
//! same service may answer with either. Only data.

/// A permission is missing.
pub(super) const DENIED: &[&str] = &[
    "AccessDeniedException",
    "AccessDenied",
    "UnauthorizedOperation",
    "AuthorizationError",
    "AuthorizationErrorException",
    "NotAuthorized",
    "Client.UnauthorizedOperation",
    "ForbiddenException",
    "NotAuthorizedException",
    "UnauthorizedException",
];
/// KMS denies what the operation needs.
pub(super) const KEY: &[&str] = &["KmsAccessDeniedException", "KMSAccessDeniedException", "KMSKeyNotAccessibleFault", "KMS.AccessDenied"];
/// Asked too often.
pub(super) const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "SlowDown",
    "LimitExceededException",
    "TooManyRequestsException",
    "RequestThrottled",
];
/// The session is over.
pub(super) const EXPIRED: &[&str] = &["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"];
/// The session is over, or the clock is wrong: EC2 uses one code for both.
pub(super) const EXPIRED_OR_CLOCK: &[&str] = &["RequestExpired", "RequestExpiredException"];
/// The clock is wrong.
pub(super) const CLOCK: &[&str] = &["RequestTimeTooSkewed", "RequestInTheFuture"];
/// The signature is not accepted: for the time, for the key, or for its form; the text tells.
pub(super) const SIGNATURE: &[&str] = &["SignatureDoesNotMatch", "InvalidSignatureException", "InvalidSignature"];
/// The key is not known here.
pub(super) const UNKNOWN_KEY: &[&str] = &[
    "InvalidClientTokenId",
    "InvalidClientTokenIdException",
    "UnrecognizedClient",
    "UnrecognizedClientException",
    "AuthFailure",
    "InvalidAccessKeyId",
    "InvalidToken",
    "InvalidSecurity",
    "InvalidSecurityToken",
];
/// Nothing was signed with.
pub(super) const UNSIGNED: &[&str] =
    &["MissingAuthenticationToken", "MissingAuthenticationTokenException", "IncompleteSignature", "IncompleteSignatureException"];
/// The region, as a whole, is off.
pub(super) const REGION_OFF: &[&str] = &["RegionDisabledException", "RegionDisabled"];
/// The account, as a whole, may not use the service.
pub(super) const NOT_SUBSCRIBED: &[&str] = &["OptInRequired", "SubscriptionRequiredException", "NotSignedUp"];
/// The resource is not there.
pub(super) const NOT_FOUND: &[&str] = &[
    "ClusterNotFoundException",
    "ServiceNotFoundException",
    "LoadBalancerNotFound",
    "TargetGroupNotFound",
    "ListenerNotFound",
    "DBInstanceNotFound",
    "DBClusterNotFoundFault",
    "DBParameterGroupNotFound",
    "ReplicationGroupNotFoundFault",
    "CacheClusterNotFound",
    "ServerlessCacheNotFoundFault",
    "ResourceNotFoundException",
    "ResourceNotFound",
    "ObjectNotFoundException",
    "NoSuchBucket",
    "NoSuchEntity",
    "NoSuchHostedZone",
    "NoSuchDistribution",
    "RepositoryNotFoundException",
    "NotFoundException",
    "PipelineNotFoundException",
    "CacheSubnetGroupNotFoundFault",
    "InvalidVpcID.NotFound",
    "InvalidGroup.NotFound",
];
