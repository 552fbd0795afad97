//! AWS's partitions: worlds of their own with other ARNs, other host names and not every service. A region lies in exactly one. Only data;
//! read by whatever writes an ARN, a host name or a policy, and by the sources whose service not every partition has.

use serde::{Deserialize, Serialize};

/// A partition. The regions of each are those of the SDK's endpoint rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Partition {
    /// The public regions.
    #[default]
    #[serde(rename = "aws")]
    Aws,
    /// China: Beijing and Ningxia.
    #[serde(rename = "aws-cn")]
    China,
    /// GovCloud (US).
    #[serde(rename = "aws-us-gov")]
    GovCloud,
    /// The European Sovereign Cloud.
    #[serde(rename = "aws-eusc")]
    Sovereign,
    /// ISO (US).
    #[serde(rename = "aws-iso")]
    Iso,
    /// ISOB (US).
    #[serde(rename = "aws-iso-b")]
    IsoB,
    /// ISOE (Europe).
    #[serde(rename = "aws-iso-e")]
    IsoE,
    /// ISOF.
    #[serde(rename = "aws-iso-f")]
    IsoF,
}

/// What there is to know of one: id, how its regions begin, domain, the region where its global services keep their metrics.
struct About(&'static str, &'static str, &'static str, &'static str);

impl Partition {
    /// All of them.
    pub const ALL: [Self; 8] = [Self::Aws, Self::China, Self::GovCloud, Self::Sovereign, Self::Iso, Self::IsoB, Self::IsoE, Self::IsoF];

    const fn about(self) -> About {
        match self {
            Self::Aws => About("aws", "", "amazonaws.com", "us-east-1"),
            Self::China => About("aws-cn", "cn-", "amazonaws.com.cn", "cn-northwest-1"),
            Self::GovCloud => About("aws-us-gov", "us-gov-", "amazonaws.com", "us-gov-west-1"),
            Self::Sovereign => About("aws-eusc", "eusc-", "amazonaws.eu", "eusc-de-east-1"),
            Self::Iso => About("aws-iso", "us-iso-", "c2s.ic.gov", "us-iso-east-1"),
            Self::IsoB => About("aws-iso-b", "us-isob-", "sc2s.sgov.gov", "us-isob-east-1"),
            Self::IsoE => About("aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "eu-isoe-west-1"),
            Self::IsoF => About("aws-iso-f", "us-isof-", "csp.hci.ic.gov", "us-isof-south-1"),
        }
    }

    /// Where a region lies; one that nobody knows is taken for a public one, as the SDK does.
    pub fn of_region(region: &str) -> Self {
        let special = |p: &Self| !p.about().1.is_empty() && region.starts_with(p.about().1);
        Self::ALL.into_iter().find(special).unwrap_or_default()
    }

    /// The partition of an id or of an ARN.
    pub fn named(id: &str) -> Option<Self> {
        let id = id.strip_prefix("arn:").and_then(|rest| rest.split(':').next()).unwrap_or(id);
        Self::ALL.into_iter().find(|p| p.id() == id)
    }

    /// As ARNs have it: `aws-cn`.
    pub const fn id(self) -> &'static str {
        self.about().0
    }

    /// How its host names end.
    pub const fn domain(self) -> &'static str {
        self.about().2
    }

    /// Where CloudFront and Route 53 publish their metrics, wherever the stack is.
    pub const fn global_region(self) -> &'static str {
        self.about().3
    }

    /// Whether there is CloudFront.
    pub const fn has_cloudfront(self) -> bool {
        matches!(self, Self::Aws | Self::China)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_says_its_partition() {
        for (region, id, domain, global) in [
            ("ap-southeast-2", "aws", "amazonaws.com", "us-east-1"),
            ("us-east-1", "aws", "amazonaws.com", "us-east-1"),
            ("eu-central-1", "aws", "amazonaws.com", "us-east-1"),
            ("cn-north-1", "aws-cn", "amazonaws.com.cn", "cn-northwest-1"),
            ("cn-northwest-1", "aws-cn", "amazonaws.com.cn", "cn-northwest-1"),
            ("us-gov-east-1", "aws-us-gov", "amazonaws.com", "us-gov-west-1"),
            ("us-iso-west-1", "aws-iso", "c2s.ic.gov", "us-iso-east-1"),
            ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov", "us-isob-east-1"),
            ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk", "eu-isoe-west-1"),
            ("us-isof-east-1", "aws-iso-f", "csp.hci.ic.gov", "us-isof-south-1"),
            ("eusc-de-east-1", "aws-eusc", "amazonaws.eu", "eusc-de-east-1"),
        ] {
            let partition = Partition::of_region(region);
            assert_eq!((partition.id(), partition.domain(), partition.global_region()), (id, domain, global), "{region}");
            assert_eq!(Partition::named(id), Some(partition));
            assert_eq!(Partition::named(&format!("arn:{id}:iam::111122223333:root")), Some(partition));
            assert_eq!(serde_json::to_value(partition).unwrap(), id);
        }
        assert_eq!(Partition::named("aws-mars"), None);
    }
}
